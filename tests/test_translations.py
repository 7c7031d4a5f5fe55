"""The texts: everything that code can say is there in every language, and nothing that it cannot say."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
import importlib
from pathlib import Path
import re
from typing import Any
from unittest.mock import AsyncMock

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_get_translations
import pytest

from custom_components.flexmeasures.client import Sensor
from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.errors import _TRANSLATION_KEYS
from custom_components.flexmeasures.flexible_device import DeviceKind
from custom_components.flexmeasures.scheduling import FindingCode
from custom_components.flexmeasures.sensor_presentation import _TRANSLATED_NAMES

from . import site
from .conftest import feed_subentry
from .device_samples import home_of
from .findings import every_finding
from .repository import (
    FLOW_FILES,
    INTEGRATION,
    LANGUAGES,
    called_name,
    front_files,
    in_json,
    in_yaml,
    keyword,
    leaves,
    nodes,
    text_of,
    texts,
)
from .s2_devices import remember_s2_sensors, s2_subentry
from .shown_plans import ShownPlans
from .test_init import set_up

PLACEHOLDER = re.compile(r"{(\w+)}")
# Names that FlexMeasures' users give to sensors, with the unit that such a sensor has; power is the usual one.
UNITS = {"state_of_charge": "kWh", "temperature": "degC"}


@dataclass(frozen=True)
class ErrorUse:
    """One place where an error for people is made: its text's key, and what it gives the text to name."""

    key: str
    placeholders: frozenset[str]


@dataclass(frozen=True)
class Maker:
    """A function of ours that makes such an error with a key that its caller names."""

    key_position: int
    placeholders: frozenset[str]


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_as_home_assistant_wants_them(language: str) -> None:
    for path, text in leaves(texts(language)):
        assert isinstance(text, str), path
        assert text, path
        assert text == text.strip(), path
        assert not re.search(r"</?[A-Za-z]", text), path
        assert not re.search(r"'[^']*{\w+}[^']*'", text), path
        assert "[%key:" not in text, path
        assert all(re.fullmatch(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?", key) for key in path), path


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_languages_say_the_same_things_about_the_same_values(language: str) -> None:
    english, other = dict(leaves(texts("en"))), dict(leaves(texts(language)))

    assert other.keys() == english.keys()
    for path, text in english.items():
        assert set(PLACEHOLDER.findall(other[path])) == set(PLACEHOLDER.findall(text)), path


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_of_every_flow_has_a_name_and_a_description(language: str) -> None:
    content = texts(language)
    flows = [content["config"], content["options"], *content["config_subentries"].values()]

    steps = [step for flow in flows for step in flow["step"].values()]

    assert steps
    for step in steps:
        parts = [step, *step.get("sections", {}).values()]
        for part in parts:
            assert part.get("data_description", {}).keys() == part.get("data", {}).keys()
        assert (
            any(part.get("data") for part in parts)
            or step.get("menu_options")
            or step["description"]
        )
        assert step["title"]
        assert all(part["name"] for part in parts[1:])


def test_every_reason_to_stop_a_flow_has_its_text() -> None:
    config, options, device, feed, *_ = FLOW_FILES
    discovery, s2 = "s2_discovery.py", "s2_flow.py"
    content = texts()
    told = {
        (config, discovery): content["config"]["abort"],
        (options,): content["options"]["abort"],
        (device,): content["config_subentries"]["flexible_device"]["abort"],
        (feed,): content["config_subentries"]["measurement"]["abort"],
        (s2,): content["config_subentries"]["s2_device"]["abort"],
    }
    # Home Assistant itself stops a flow whose unique id exists, of the site or of the subentry.
    by_home_assistant = {
        files: {"already_configured"} for files in told if files not in {(options,), (s2,)}
    }

    for file, reasons in told.items():
        used = {
            text_of(keyword(call, "reason"))
            for name in file
            for call in nodes(INTEGRATION / name, ast.Call)
            if called_name(call) == "async_abort"
        }
        assert reasons.keys() == used | by_home_assistant.get(file, set()), file


def test_every_translated_list_has_its_texts() -> None:
    used = {
        text_of(keyword(call, "translation_key") or (call.args[1] if call.args[1:] else None))
        for file in FLOW_FILES
        for call in nodes(INTEGRATION / file, ast.Call)
        if called_name(call) == "dropdown"
    }
    used |= {
        text_of(keyword(call, "translation_key"))
        for call in nodes(INTEGRATION / "forms.py", ast.Call)
        if called_name(call) == "ChooseSelectorConfig"
    }

    fields = [
        field
        for file in ("services.yaml", "triggers.yaml")
        for described in in_yaml(file).values()
        for field in fields_of(described)
    ]
    used |= {field["selector"].get("select", {}).get("translation_key") for field in fields}

    assert used - {None} == texts()["selector"].keys()


def fields_of(described: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of an action, trigger or condition."""
    return list(described.get("fields", {}).values())


@pytest.mark.parametrize("kind", ["trigger", "condition"])
def test_every_trigger_and_condition_has_its_texts_and_icon(kind: str) -> None:
    described = {
        name: content
        for name, content in in_yaml(f"{kind}s.yaml").items()
        if not name.startswith(".")
    }
    told = texts()[f"{kind}s"]
    icons = in_json("icons.json")[f"{kind}s"]

    assert described.keys() == told.keys() == icons.keys()
    for name, content in described.items():
        assert told[name].keys() >= {"name", "description"}
        assert content.get("fields", {}).keys() == told[name].get("fields", {}).keys()
        assert all(field.keys() == {"name", "description"} for field in fields_of(told[name]))
        assert icons[name].keys() == {kind}


def test_every_error_has_its_text_and_every_text_its_error() -> None:
    made = list(error_uses())

    assert {use.key for use in made} == texts()["exceptions"].keys()


def test_errors_give_their_texts_what_these_name() -> None:
    exceptions = texts()["exceptions"]

    for use in error_uses():
        named = set(PLACEHOLDER.findall(exceptions[use.key]["message"]))
        assert named <= use.placeholders, use


def test_every_error_for_people_names_its_text() -> None:
    """A translation key that is a variable is one that the maker's callers name, or the one of the client's error."""
    for call, function in error_calls():
        where = f"{call.lineno}: {ast.unparse(call)}"
        assert ast.unparse(keyword(call, "translation_domain") or call) == "DOMAIN", where
        match key := keyword(call, "translation_key"):
            case ast.Name():
                assert function is not None, where
                assert key.id in {argument.arg for argument in function.args.args}, where
            case ast.Call():
                assert called_name(key) == "translation_key", where
            case _:
                assert text_of(key), where


def error_uses() -> Iterator[ErrorUse]:
    """Yield every error that the front can raise for people."""
    makers: dict[str, Maker] = {}
    for call, function in error_calls():
        placeholders = dictionary_keys(keyword(call, "translation_placeholders"))
        match key := keyword(call, "translation_key"):
            case ast.Name() if function is not None:
                names = [argument.arg for argument in function.args.args]
                makers[function.name] = Maker(names.index(key.id), placeholders)
            case ast.Call():
                for _, mapped in _TRANSLATION_KEYS:
                    yield ErrorUse(mapped, placeholders)
            case _:
                yield ErrorUse(text_of(key) or "", placeholders)
    for path in front_files():
        for call in nodes(path, ast.Call):
            # A part's own method may have a maker's name.
            if isinstance(call.func, ast.Name) and (maker := makers.get(call.func.id)):
                key = call.args[maker.key_position]
                if ast.unparse(key) == "f'found_{finding.code}'":
                    for code, finding in every_finding().items():
                        if code is not FindingCode.NO_PRICES:
                            yield ErrorUse(f"found_{code}", frozenset(finding.numbers))
                    continue
                given = {item.arg for item in call.keywords if item.arg}
                text = text_of(key)
                assert text, ast.unparse(call)
                yield ErrorUse(text, maker.placeholders | given)


def error_calls() -> Iterator[tuple[ast.Call, ast.FunctionDef | None]]:
    """Yield every making of one of Home Assistant's errors, with the function around it."""
    for path in front_files():
        errors = home_assistant_errors(path)
        around = {
            inner: function
            for function in nodes(path, ast.FunctionDef)
            for inner in ast.walk(function)
        }
        for call in nodes(path, ast.Call):
            if called_name(call) in errors:
                yield call, around.get(call)


def home_assistant_errors(path: Path) -> set[str]:
    """Return the names under which a file knows errors that Home Assistant shows to people."""
    return {
        name.asname or name.name
        for node in nodes(path, ast.ImportFrom)
        if node.module and node.module.startswith("homeassistant.")
        for name in node.names
        if is_error(getattr(importlib.import_module(node.module), name.name, None))
    }


def is_error(thing: object) -> bool:
    """Return whether this is a class of errors for people."""
    return isinstance(thing, type) and issubclass(thing, HomeAssistantError)


def dictionary_keys(node: ast.expr | None) -> frozenset[str]:
    """Return the literal keys of a dictionary display."""
    keys = node.keys if isinstance(node, ast.Dict) else []
    return frozenset(key for key in map(text_of, keys) if key)


@pytest.fixture
async def registered(
    hass: HomeAssistant, client: AsyncMock, plans: ShownPlans
) -> list[er.RegistryEntry]:
    """Return the entities of a site with every kind of device, a feed, and a sensor of every translated name."""
    more = (feed_subentry(100, "sensor.meter"), s2_subentry("S2 device", asset=999))
    entry = home_of(hass, client, *DeviceKind, more=more)
    remember_s2_sensors(hass, entry)
    client.get_sensors.return_value = (
        *(
            replace(sensor, name="Somebody's own name")
            for sensor in client.get_sensors.return_value
        ),
        *(
            named_sensor(100 + number, name)
            for number, name in enumerate(sorted(_TRANSLATED_NAMES))
        ),
    )
    await set_up(hass, entry)
    return er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)


def named_sensor(sensor_id: int, name: str) -> Sensor:
    """Return a sensor as FlexMeasures' users make one of this name."""
    unit = "EUR/kWh" if "price" in name else UNITS.get(name, "kW")
    resolution = timedelta(0) if unit == "kWh" else site.QUARTER
    return site.make_sensor(sensor_id, name.replace("_", "-"), unit, 20, resolution=resolution)


async def test_every_entity_has_its_name_and_every_name_its_entity(
    hass: HomeAssistant, registered: list[er.RegistryEntry]
) -> None:
    used = {(entity.domain, entity.translation_key) for entity in registered}

    assert used - {("sensor", None)} == {
        (platform, key) for platform, entities in texts()["entity"].items() for key in entities
    }
    loaded = await async_get_translations(hass, "nl", "entity", [DOMAIN])
    for platform, key in used - {("sensor", None)}:
        assert loaded[f"component.{DOMAIN}.entity.{platform}.{key}.name"]


async def test_every_entity_has_an_icon_of_its_own_or_of_its_device_class(
    registered: list[er.RegistryEntry],
) -> None:
    icons = in_json("icons.json")["entity"]

    for entity in registered:
        has_icon = entity.translation_key in icons.get(entity.domain, {})
        assert has_icon or entity.original_device_class or not entity.translation_key, entity


def test_icons_are_of_the_set_that_home_assistant_ships_and_for_things_that_exist() -> None:
    icons = in_json("icons.json")

    assert icons.keys() <= {"conditions", "entity", "services", "triggers"}
    assert all(re.fullmatch(r"mdi:[a-z0-9-]+", icon) for _, icon in leaves(icons))
    for platform, entities in icons["entity"].items():
        assert entities.keys() <= texts()["entity"][platform].keys()
        for icon in entities.values():
            assert icon.keys() <= {"default", "range", "state", "state_attributes"}
            assert icon["default"] not in icon.get("state", {}).values()
