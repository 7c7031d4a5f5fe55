"""Every kind of entity that takes a setpoint, through the dialogs: what it is asked, what is filled in, what is refused."""

from typing import Any
from unittest.mock import MagicMock

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.const import SUBENTRY_FLEXIBLE_DEVICE

from ..device_dialogs import (
    CONTROL,
    DETAILS,
    FORM,
    change,
    only_device,
    start,
    submit,
    suggested,
    walk,
)
from ..flow_samples import BATTERY_POWER, add_entry, mark_loaded
from .forms import EV, GENERIC, PROCESS, SAFETY, SOLAR, TANK


@pytest.mark.parametrize(
    ("kind", "form", "entity", "details", "stored"),
    [
        (
            "ev_charger",
            EV,
            "number.charger_current",
            {"phases": "3", "voltage": 230, "setpoint_sign": "consumption_positive", "switch_entity": "switch.charger"},
            {"phases": 3},
        ),
        (
            "battery",
            {**FORM, "power_sensor": "new"},
            "number.inverter_share",
            {"full_power": 5, "setpoint_sign": "production_positive"},
            {},
        ),
        (
            "water_tank",
            TANK,
            "number.flow_temperature",
            {"temperature_at_rest": 30, "temperature_at_full_power": 50},
            {},
        ),
        (
            "water_tank",
            TANK,
            "climate.house",
            {"temperature_at_rest": 20, "temperature_at_full_power": 22, "on_from": 1, "off_below": 0.8},
            {},
        ),
        ("water_tank", TANK, "switch.charger", {"on_from": 1, "off_below": 0.8}, {}),
        (
            "battery",
            {**FORM, "power_sensor": "new"},
            "select.battery_mode",
            {"option_charge": "Force charge", "option_idle": "Auto", "option_discharge": "Force discharge", "on_from": 0.2},
            {},
        ),
        ("process", PROCESS, "button.start", {}, {}),
        ("generic", GENERIC, "script.carry_out", {}, {}),
    ],
)  # fmt: skip
async def test_each_entity_is_asked_for_what_it_needs(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    kind: str,
    form: dict[str, Any],
    entity: str,
    details: dict[str, Any],
    stored: dict[str, Any],
) -> None:
    """No more fields than these, besides those of safety; and they are stored."""
    result = await walk(hass, await start(hass, entry, kind), form, {"setpoint_entity": entity})
    schema = result["data_schema"]
    assert schema is not None
    required = {str(key) for key in schema.schema if key.__class__.__name__ == "Required"}
    assert required - {"safety", "guard_rails"} <= details.keys()
    assert details.keys() <= set(map(str, schema.schema))

    answer = {**details, "safety": SAFETY, "guard_rails": {"minimum_dwell": 0}}
    await walk(hass, result, answer, {CONF_NAME: "New device"})

    shown = suggested(
        await walk(
            hass,
            await change(hass, entry),
            {**form, "power_sensor": str(BATTERY_POWER)},
            {"setpoint_entity": entity},
        )
    )
    assert shown.items() >= {**details, **SAFETY, "minimum_dwell": 0}.items()
    data = only_device(entry).data
    assert data.items() >= {**details, **stored, **SAFETY, "minimum_dwell": 0}.items()
    assert data["setpoint_entity"] == entity


@pytest.mark.parametrize(
    ("kind", "form", "entity", "expected"),
    [
        ("battery", {**FORM, "power_sensor": "new"}, "select.battery_mode", {"option_charge": "Force charge", "option_idle": "Auto", "option_discharge": "Force discharge", "on_from": 2.5, "safe_action": "fixed", "safe_power": 0}),
        ("ev_charger", {**EV, "charging_power": 11}, "number.charger_current", {"phases": "3", "voltage": 230, "safe_action": "restore"}),
        ("ev_charger", {**EV, "charging_power": 3.7}, "number.charger_current", {"phases": "1"}),
        ("solar", SOLAR, "number.inverter_share", {"full_power": 4.2, "safe_action": "fixed", "safe_power": -4.2}),
        ("process", PROCESS, "switch.charger", {"on_from": 1, "off_below": 0.8, "safe_action": "leave"}),
        ("water_tank", TANK, "climate.house", {"temperature_at_rest": 20, "temperature_at_full_power": 30, "on_from": 1, "off_below": 0.8}),
    ],
)  # fmt: skip
async def test_what_most_such_devices_need_is_filled_in(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    kind: str,
    form: dict[str, Any],
    entity: str,
    expected: dict[str, Any],
) -> None:
    result = await walk(hass, await start(hass, entry, kind), form, {"setpoint_entity": entity})

    assert suggested(result).items() >= expected.items()


async def test_a_power_that_only_an_entity_tells_suggests_nothing_of_power(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    control = {"setpoint_entity": "number.charger_current"}
    result = await walk(
        hass, await start(hass, entry, "ev_charger"), {**EV, "discharging_power": 0}, control
    )

    assert "phases" not in suggested(result)


@pytest.mark.parametrize(
    ("entity", "details", "errors"),
    [
        ("number.charger_current", {"phases": "1", "voltage": 0, "setpoint_sign": "consumption_positive"}, {"voltage": "not_positive"}),
        ("number.inverter_share", {"full_power": 0, "setpoint_sign": "consumption_positive"}, {"full_power": "not_positive"}),
        ("number.inverter_share", {"full_power": 1, "setpoint_sign": "consumption_positive", "switch_entity": "switch.no"}, {"switch_entity": "entity_not_found"}),
        ("switch.charger", {"on_from": 1, "off_below": 2}, {"off_below": "off_above_on"}),
        ("climate.house", {"temperature_at_rest": 20, "temperature_at_full_power": 20}, {"temperature_at_full_power": "same_temperature"}),
        ("climate.house", {"temperature_at_rest": 20, "temperature_at_full_power": 31}, {"temperature_at_full_power": "temperature_outside"}),
        ("climate.house", {"temperature_at_rest": 20, "temperature_at_full_power": 25, "on_from": 1}, {"off_below": "both_thresholds"}),
        ("select.battery_mode", {"option_charge": "Auto", "option_idle": "Auto", "on_from": 1}, {"option_idle": "same_option"}),
        ("select.battery_mode", {"option_charge": "Force charge", "option_idle": "Auto", "option_discharge": "Auto", "on_from": 1}, {"option_discharge": "same_option"}),
        ("script.carry_out", {"safety": {"safe_action": "fixed"}}, {"safety": "empty"}),
        ("script.carry_out", {"safety": {**SAFETY, "conditions": ["binary_sensor.no"]}}, {"safety": "entity_not_found"}),
        ("script.carry_out", {"guard_rails": {"suspension": 0}}, {"guard_rails": "not_positive"}),
        ("script.carry_out", {"guard_rails": {"deadband": -1}}, {"guard_rails": "negative"}),
        ("script.carry_out", {"guard_rails": {"writes_per_day": 4}}, {"guard_rails": "too_few_writes"}),
    ],
)  # fmt: skip
async def test_control_that_makes_no_sense_is_refused_and_can_be_mended(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entity: str,
    details: dict[str, Any],
    errors: dict[str, str],
) -> None:
    result = await walk(hass, await start(hass, entry), FORM, {"setpoint_entity": entity})
    answer = {"safety": SAFETY, "guard_rails": {}, **details}
    result = await submit(hass, result, answer)
    assert result["errors"] == errors
    mended = {
        "voltage": 230,
        "full_power": 5,
        "off_below": 0.5,
        "temperature_at_full_power": 25,
        "option_charge": "Force charge",
        "option_idle": "Auto",
        "option_discharge": "Force discharge",
    }
    kept = {key: value for key, value in answer.items() if key != "switch_entity"}
    answer = kept | {key: mended[key] for key in mended if key in kept or key in errors}

    result = await walk(hass, result, {**answer, "safety": SAFETY, "guard_rails": {}})

    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_conditions_are_kept_by_registry_id(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    at_home = er.async_get(hass).async_get_or_create(
        "binary_sensor", "phone", "at_home", suggested_object_id="at_home"
    )
    safety = {**SAFETY, "conditions": ["binary_sensor.at_home", "binary_sensor.plugged_in"]}
    await walk(hass, await start(hass, entry), FORM, CONTROL, {**DETAILS, "safety": safety})
    assert only_device(entry).data["conditions"] == [at_home.id, "binary_sensor.plugged_in"]

    er.async_get(hass).async_update_entity(
        "binary_sensor.at_home", new_entity_id="binary_sensor.somebody"
    )
    result = await walk(hass, await change(hass, entry), FORM, CONTROL)
    assert suggested(result)["conditions"] == ["binary_sensor.somebody", "binary_sensor.plugged_in"]


async def test_another_setpoint_entity_starts_with_what_most_devices_need(
    hass: HomeAssistant, client: MagicMock
) -> None:
    """What was stored for the one before says nothing about it."""
    data = {
        **FORM,
        "kind": "battery",
        "power_sensor": BATTERY_POWER,
        "setpoint_entity": "number.battery_power",
        "setpoint_sign": "production_positive",
        "deadband": 10,
    }
    stored = ConfigSubentryData(
        data=data,
        subentry_type=SUBENTRY_FLEXIBLE_DEVICE,
        title="Battery",
        unique_id="power_sensor_30",
    )
    entry = add_entry(hass, subentries=(stored,))
    mark_loaded(hass, entry, client)
    result = await walk(
        hass, await change(hass, entry), FORM, {"setpoint_entity": "number.inverter_share"}
    )
    shown = suggested(result)
    assert (shown["setpoint_sign"], shown["deadband"]) == ("consumption_positive", 50)


async def test_what_a_person_left_empty_stays_empty(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A thermostat without thresholds gets temperatures in between, also after the next change of the device."""
    form, control = (
        {**TANK, "power_sensor": str(BATTERY_POWER)},
        {"setpoint_entity": "climate.house"},
    )
    temperatures = {"temperature_at_rest": 20, "temperature_at_full_power": 22}
    answer = {**temperatures, "safety": SAFETY, "guard_rails": {}}
    await walk(hass, await start(hass, entry, "water_tank"), form, control, answer)

    result = await walk(hass, await change(hass, entry), form, control)

    assert suggested(result) == {**temperatures, **SAFETY}


async def test_a_setpoint_entity_that_went_meanwhile_is_asked_for_again(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    result = await walk(hass, await start(hass, entry), FORM, CONTROL)
    hass.states.async_remove("number.battery_power")

    result = await submit(hass, result, DETAILS)

    assert result["step_id"] == "control"


async def test_options_are_those_of_the_registry_while_the_select_is_away(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    registered = er.async_get(hass).async_get_or_create(
        "select",
        "inverter",
        "mode",
        suggested_object_id="mode",
        capabilities={"options": ["Stop", "Import", "Export"]},
    )
    control = {"setpoint_entity": registered.entity_id}
    result = await walk(hass, await start(hass, entry), FORM, control)

    expected = {"option_charge": "Import", "option_idle": "Stop", "option_discharge": "Export"}
    assert suggested(result).items() >= expected.items()


@pytest.mark.parametrize(
    "entity", ["switch.inverter", "input_boolean.inverter", "climate.inverter"]
)
async def test_what_only_turns_on_or_off_cannot_limit_panels(
    hass: HomeAssistant, entry: MockConfigEntry, entity: str
) -> None:
    hass.states.async_set(entity, "off")
    hass.states.async_set("select.inverter", "all", {"options": ["all", "nothing"]})
    result = await submit(hass, await start(hass, entry, "solar"), SOLAR)
    result = await submit(hass, result, {"setpoint_entity": entity})
    assert result["errors"] == {"setpoint_entity": "cannot_curtail"}

    result = await submit(hass, result, {"setpoint_entity": "select.inverter"})
    assert result["step_id"] == "control_details"


@pytest.mark.parametrize(
    ("state", "told"),
    [("off", "Charger (off)"), ("unknown", "Charger"), ("unavailable", "Charger")],
)
async def test_the_entity_that_is_told_setpoints_is_named_with_what_it_shows(
    hass: HomeAssistant, entry: MockConfigEntry, state: str, told: str
) -> None:
    hass.states.async_set("script.charger", state, {"friendly_name": "Charger"})
    result = await submit(hass, await start(hass, entry, "generic"), GENERIC)
    result = await submit(hass, result, {"setpoint_entity": "script.charger"})

    placeholders = result["description_placeholders"]
    assert placeholders
    assert placeholders["told"] == told
