"""The actions' forms: the description, the texts and the code agree on every field."""

from collections.abc import Mapping
import json
from typing import Any

from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.helpers.selector import validate_selector
import probatio
import pytest

from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.services import async_setup_services

from .repository import LANGUAGES, in_json, in_yaml, texts

DESCRIPTIONS = in_yaml("services.yaml")
# What hassfest takes for a field of an action without a target.
FIELD = probatio.Schema(
    {
        probatio.Optional("advanced"): bool,
        probatio.Optional("default"): object,
        probatio.Optional("example"): object,
        probatio.Optional("required"): bool,
        probatio.Required("selector"): validate_selector,
    }
)


@pytest.fixture
def schemas(hass: HomeAssistant) -> dict[str, probatio.Schema]:
    """Return the schema of every action that is registered."""
    async_setup_services(hass)
    registered = hass.services.async_services_for_domain(DOMAIN)
    assert all(
        service.supports_response is not SupportsResponse.NONE for service in registered.values()
    )
    return {
        name: service.schema
        for name, service in registered.items()
        if isinstance(service.schema, probatio.Schema)
    }


def fields_of(schema: probatio.Schema) -> Mapping[str, probatio.Marker]:
    """Return a schema's fields by name."""
    return {str(marker): marker for marker in schema.schema}


def target_of(action: str) -> dict[str, str]:
    """Return what an action may act on: a site where it takes one, else a flexible device."""
    takes_site = "config_entry" in DESCRIPTIONS[action]["fields"]
    return {"config_entry": "an entry"} if takes_site else {"device_id": "a device"}


def example_of(field: Mapping[str, Any]) -> object:
    """Return what a person means with the example: that of an object is written as JSON."""
    return json.loads(field["example"]) if "object" in field["selector"] else field["example"]


def named_entry(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return the site, for the actions that ask for one; there is no example of its id."""
    return {"config_entry": "an entry"} if "config_entry" in fields else {}


def test_every_action_is_described(schemas: dict[str, probatio.Schema]) -> None:
    assert DESCRIPTIONS.keys() == schemas.keys()
    assert in_json("icons.json")["services"].keys() == schemas.keys()


@pytest.mark.parametrize("action", DESCRIPTIONS)
def test_a_form_asks_for_what_the_action_takes(
    schemas: dict[str, probatio.Schema], action: str
) -> None:
    described = {name: FIELD(field) for name, field in DESCRIPTIONS[action]["fields"].items()}
    taken = fields_of(schemas[action])

    assert described.keys() == taken.keys()
    for name, field in described.items():
        assert field.get("required", False) == isinstance(taken[name], probatio.Required), name


@pytest.mark.parametrize("action", DESCRIPTIONS)
def test_the_action_accepts_the_examples_of_its_form(
    schemas: dict[str, probatio.Schema], action: str
) -> None:
    fields: dict[str, dict[str, Any]] = DESCRIPTIONS[action]["fields"]
    examples = {name: example_of(field) for name, field in fields.items() if "example" in field}

    given = target_of(action) | examples

    # What is left out has its default, which the next test looks at.
    assert schemas[action](given).items() >= given.items()


@pytest.mark.parametrize("action", DESCRIPTIONS)
def test_a_form_begins_with_what_the_action_does_by_itself(
    schemas: dict[str, probatio.Schema], action: str
) -> None:
    fields: dict[str, dict[str, Any]] = DESCRIPTIONS[action]["fields"]
    required = {
        name: example_of(field)
        for name, field in fields.items()
        if field.get("required") and name not in target_of(action)
    }
    given = target_of(action) | required

    accepted = schemas[action](given)

    defaults = {name: field["default"] for name, field in fields.items() if "default" in field}
    assert accepted == given | defaults


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_action_and_every_field_has_a_name_and_a_description(language: str) -> None:
    translated = texts(language)["services"]

    assert translated.keys() == DESCRIPTIONS.keys()
    for action, description in DESCRIPTIONS.items():
        assert translated[action].keys() == {"name", "description", "fields"}
        fields = translated[action]["fields"]
        assert fields.keys() == description["fields"].keys()
        assert all(field.keys() == {"name", "description"} for field in fields.values())


def test_actions_have_icons_that_home_assistant_ships() -> None:
    for icon in in_json("icons.json")["services"].values():
        assert icon.keys() == {"service"}
        assert icon["service"].startswith("mdi:")
