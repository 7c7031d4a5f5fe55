"""docs/client.md: complete, and by the names that the code uses."""

import inspect
import re

import pytest

from custom_components.flexmeasures import client
from custom_components.flexmeasures.client import FlexMeasuresClient

from ..repository import ROOT

DOCUMENT = (ROOT / "docs" / "client.md").read_text()
METHODS = [
    name
    for name, _ in inspect.getmembers(FlexMeasuresClient, inspect.isfunction)
    if not name.startswith("_")
]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_described(method: str) -> None:
    assert re.search(rf"\b{method}\b", DOCUMENT)


def test_there_are_as_many_methods_as_one_would_think() -> None:
    assert len(METHODS) > 40


@pytest.mark.parametrize("error", [name for name in client.__all__ if name.endswith("Error")])
def test_every_error_is_described(error: str) -> None:
    assert error in DOCUMENT


def test_every_name_that_the_examples_import_is_there() -> None:
    imported = re.findall(r"^from flexmeasures_api import (\([^)]*\)|.+)$", DOCUMENT, re.MULTILINE)
    names = {name for line in imported for name in re.findall(r"\w+", line)}

    assert {"FlexMeasuresClient", "StorageFlexModel"} <= names
    assert names <= set(client.__all__)
