"""The texts of the flows: everything that can be said is there, in every language."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any

import pytest

from custom_components.flexmeasures.scheduling import FlexModelProblem

INTEGRATION = Path(__file__).parent.parent / "custom_components" / "flexmeasures"
LANGUAGES = ("en", "nl")
SECTIONS = ("config", "config_subentries", "options", "selector")


def texts_of(language: str) -> dict[str, Any]:
    """Return the flows' sections of a translation."""
    content = json.loads((INTEGRATION / "translations" / f"{language}.json").read_text())
    return {section: content[section] for section in SECTIONS}


def flattened(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text with its path."""
    if isinstance(node, str):
        yield path, node
    else:
        for key, value in node.items():
            yield from flattened(value, (*path, key))


def steps_of(language: str) -> Iterator[dict[str, Any]]:
    """Yield every step of every flow."""
    texts = texts_of(language)
    yield from texts["config"]["step"].values()
    yield from texts["options"]["step"].values()
    for subentry in texts["config_subentries"].values():
        yield from subentry["step"].values()


def form_error_keys(file: str) -> set[str]:
    """Return the sentence's key of every FormError that a file makes with a literal one."""
    tree = ast.parse((INTEGRATION / file).read_text())
    return {
        node.args[1].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "FormError"
        and isinstance(node.args[1], ast.Constant)
        and isinstance(node.args[1].value, str)
    }


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_languages_say_the_same_things(language: str) -> None:
    """Same keys, and the same placeholders in each text."""
    english = dict(flattened(texts_of("en")))
    other = dict(flattened(texts_of(language)))
    assert other.keys() == english.keys()
    placeholders = re.compile(r"{\w+}")
    for path, text in english.items():
        assert set(placeholders.findall(other[path])) == set(placeholders.findall(text)), path


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_has_a_description(language: str) -> None:
    """And no description is without its field."""
    for step in steps_of(language):
        assert step["data_description"].keys() == step["data"].keys()
        assert step["title"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_as_home_assistant_wants_them(language: str) -> None:
    """No markup, no address, no space around a text, no quoted placeholder, keys of a plain kind."""
    for path, text in flattened(texts_of(language)):
        assert text, path
        assert text == text.strip(), path
        assert not re.search(r"<[a-z/]", text), path
        assert "'{" not in text, path
        assert "://" not in text, path
        assert all(re.fullmatch(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?", key) for key in path), path


def test_every_error_has_its_sentence() -> None:
    """Errors shared by the flows stand in both, the others in their own."""
    shared = form_error_keys("forms.py")
    assert "cannot_connect" in shared
    texts = texts_of("en")
    config = texts["config"]["error"].keys()
    device = texts["config_subentries"]["flexible_device"]["error"].keys()
    addresses = {
        "url_invalid",
        "url_with_query",
        "url_with_user",
        "url_without_scheme",
    }
    assert config == shared | form_error_keys("config_flow.py") | addresses
    problems = {problem.value for problem in FlexModelProblem}
    assert device == shared | form_error_keys("subentry_flows.py") | problems
