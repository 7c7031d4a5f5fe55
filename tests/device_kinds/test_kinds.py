"""Every kind of flexible device through the dialogs: what it is asked, and what such a device cannot be."""

from dataclasses import replace
from typing import Any
from unittest.mock import MagicMock

from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.device_forms import DEVICE_FORMS
from custom_components.flexmeasures.flexible_device import DeviceKind, FlexibleDevice

from ..device_dialogs import FORM, change, choose_kind, only_device, start, submit, suggested, walk
from ..flow_samples import SITE_POWER, asset, sensor
from .forms import BUFFER, EV, GENERIC, NEW_BATTERY, NEW_POWER, PROCESS, SOLAR, TANK, TYPES


@pytest.mark.parametrize(
    ("kind", "form", "asset_type", "stored"),
    [
        ("ev_charger", EV, "one-way_evse", {}),
        ("ev_charger", {**EV, "discharging_power": 7}, "two-way_evse", {}),
        ("heat_buffer", BUFFER, "heat-storage", {}),
        ("water_tank", TANK, "heat-storage", {"kind": "heat_buffer"}),
        ("solar", SOLAR, "solar", {"forecast_sensor": SITE_POWER}),
        ("process", PROCESS, "process", {"profile": [2, 2, 0.1, 1.5]}),
        ("generic", {**GENERIC, "discharging_power": 0}, "process", {}),
        ("generic", GENERIC, "battery", {}),
    ],
)
async def test_every_kind_is_added_with_a_new_asset_and_changed(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: MagicMock,
    kind: str,
    form: dict[str, Any],
    asset_type: str,
    stored: dict[str, Any],
) -> None:
    """Its asset has the type that FlexMeasures has for it; the form shows later what was entered."""
    result = await walk(hass, await start(hass, entry, kind), form, {}, {CONF_NAME: "New device"})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    device = only_device(entry)
    assert device.title == "New device"
    assert device.data == {"kind": kind, **form, "power_sensor": NEW_POWER, **stored}
    assert FlexibleDevice.from_subentry(device).kind is DEVICE_FORMS[kind].kind
    assert client.add_asset.await_args.kwargs["type_id"] == TYPES.index(asset_type) + 1
    assert client.add_sensor.await_args.kwargs["attributes"] == {
        "consumption_is_positive": kind != "solar"
    }

    entry.runtime_data.inventory.data.sensors[NEW_POWER] = sensor(NEW_POWER, "power", "kW", 12)
    result = await change(hass, entry)
    assert result["step_id"] == kind
    shown = {**form, "power_sensor": str(NEW_POWER)}
    if kind == "process":
        shown["profile"] = "2 2 0.1 1.5"
    assert suggested(result) == shown
    result = await walk(hass, result, shown, {})
    assert result["reason"] == "reconfigure_successful"
    assert only_device(entry).data == device.data


async def test_the_menu_offers_every_kind(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    result = await choose_kind(hass, entry)

    assert result["type"] is FlowResultType.MENU
    assert result["menu_options"] == list(DEVICE_FORMS)
    assert {form.kind for form in DEVICE_FORMS.values()} == set(DeviceKind) - {DeviceKind.S2}


@pytest.mark.parametrize(
    ("kind", "form", "changes", "errors"),
    [
        ("ev_charger", EV, {"plugged_in_entity": "binary_sensor.no"}, {"plugged_in_entity": "entity_not_found"}),
        ("ev_charger", EV, {"charging_power": "sensor.car_level"}, {"charging_power": "value_unit"}),
        ("ev_charger", EV, {"roundtrip_efficiency": None}, {"roundtrip_efficiency": "empty"}),
        ("battery", NEW_BATTERY, {"advanced": {"charging_efficiency": 95}}, {"roundtrip_efficiency": "two_efficiencies"}),
        ("battery", NEW_BATTERY, {"roundtrip_efficiency": None, "advanced": {"charging_efficiency": 101}}, {"advanced": "not_a_share"}),
        ("battery", NEW_BATTERY, {"roundtrip_efficiency": None, "advanced": {"discharging_efficiency": 0}}, {"advanced": "not_a_share"}),
        ("battery", NEW_BATTERY, {"roundtrip_efficiency": None, "advanced": {"charging_efficiency": "sensor.charger_limit"}}, {"advanced": "value_unit"}),
        ("battery", NEW_BATTERY, {"advanced": {"usage": -1}}, {"advanced": "negative"}),
        ("battery", NEW_BATTERY, {"advanced": {"gain": "sensor.car_level"}}, {"advanced": "value_unit"}),
        ("battery", NEW_BATTERY, {"advanced": {"operation_modes": "0 5 kW"}}, {"advanced": "not_ranges"}),
        ("battery", NEW_BATTERY, {"advanced": {"operation_modes": "2..5"}}, {"advanced": "modes_without_rest"}),
        ("battery", NEW_BATTERY, {"advanced": {"operation_modes": "0 5..2"}}, {"advanced": "minimum_not_below_maximum"}),
        ("battery", NEW_BATTERY, {"advanced": {"operation_modes": "0 2000..5000"}}, {"advanced": "modes_outside_power"}),
        ("battery", NEW_BATTERY, {"advanced": {"operation_modes": "0 -9..-8"}}, {"advanced": "modes_outside_power"}),
        ("heat_buffer", BUFFER, {"advanced": {"gain": -1}}, {"advanced": "negative"}),
        ("water_tank", TANK, {"advanced": {"operation_modes": "0 -1"}}, {"advanced": "modes_outside_power"}),
        ("heat_buffer", BUFFER, {"charging_power": 0}, {"charging_power": "not_positive"}),
        ("heat_buffer", BUFFER, {"standby_loss": 100}, {"standby_loss": "not_a_share"}),
        ("heat_buffer", BUFFER, {"coefficient_of_performance": 0}, {"coefficient_of_performance": "not_positive"}),
        ("heat_buffer", BUFFER, {"heat_usage": -1}, {"heat_usage": "negative"}),
        ("heat_buffer", BUFFER, {"state_of_charge_entity": "sensor.tank_temperature"}, {"state_of_charge_entity": "state_of_charge_unit"}),
        ("water_tank", TANK, {"tank_volume": 0}, {"tank_volume": "not_positive"}),
        ("water_tank", TANK, {"full_temperature": 10}, {"empty_temperature": "minimum_not_below_maximum"}),
        ("water_tank", TANK, {"state_of_charge_entity": "sensor.charger_limit"}, {"state_of_charge_entity": "tank_state_unit"}),
        ("solar", SOLAR, {"peak_power": 0}, {"peak_power": "not_positive"}),
        ("solar", SOLAR, {"power_sensor": str(SITE_POWER)}, {"forecast_sensor": "same_sensor"}),
        ("process", PROCESS, {"profile": "2 two"}, {"profile": "not_a_profile"}),
        ("process", PROCESS, {"profile": "0 0"}, {"profile": "not_positive"}),
        ("process", PROCESS, {"profile": "1 -1"}, {"profile": "negative"}),
        ("process", PROCESS, {"profile": "2 0 1"}, {"profile": "profile_rests"}),
        ("process", PROCESS, {"profile_part": 0}, {"profile_part": "not_positive"}),
        ("process", PROCESS, {"profile": "0", "interruptible": True}, {"profile": "not_positive"}),
        ("generic", GENERIC, {"flex_model": "soc-max"}, {"flex_model": "not_an_object"}),
        ("generic", GENERIC, {"flex_model": {"soc-at-start": 1}}, {"flex_model": "reserved_field"}),
        ("generic", GENERIC, {"flex_model": {"soc-minima": []}}, {"flex_model": "empty_field"}),
        ("generic", GENERIC, {"charging_power": -1}, {"charging_power": "negative"}),
        ("generic", GENERIC, {"discharging_power": -1}, {"discharging_power": "negative"}),
        ("generic", GENERIC, {"state_of_charge_entity": "sensor.car_level"}, {"capacity": "capacity_missing"}),
    ],
)  # fmt: skip
async def test_what_no_such_device_can_be_is_refused_and_can_be_mended(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    kind: str,
    form: dict[str, Any],
    changes: dict[str, Any],
    errors: dict[str, str],
) -> None:
    answer = {key: value for key, value in {**form, **changes}.items() if value is not None}
    result = await submit(hass, await start(hass, entry, kind), answer)

    assert result["errors"] == errors

    result = await walk(hass, result, form, {}, {CONF_NAME: "New device"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_problem_in_a_section_stands_above_it_and_names_its_field(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Home Assistant shows nothing at a field of a section; what is wrong outside of sections comes first."""
    result = await start(hass, entry)
    more: dict[str, float] = {"state_of_charge_age": 0}
    result = await submit(hass, result, {**FORM, "capacity": 0, "more": {"standby_loss": 100}})
    assert result["errors"] == {"capacity": "not_positive"}
    result = await submit(hass, result, {**FORM, "more": {"standby_loss": 100}})
    assert result["errors"] == {"more": "not_a_share"}
    assert result["description_placeholders"] == {"at": "Standby loss: "}

    result = await submit(hass, result, {**FORM, "more": more})
    assert result["errors"] == {"more": "not_positive"}
    assert result["description_placeholders"] == {"at": "Oldest state of charge: "}
    assert suggested(result)["state_of_charge_age"] == 0

    more = {"state_of_charge_age": 30, "standby_loss": 0.1}
    await walk(hass, result, {**FORM, "more": more}, {})
    assert only_device(entry).data.items() >= more.items()


async def test_what_is_advanced_is_kept_and_shown_again(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A battery with an efficiency each way, one of them in an entity; with flows, modes and a preference."""
    hass.states.async_set("sensor.inverter_efficiency", "0.95", {"unit_of_measurement": "%"})
    form = {key: value for key, value in FORM.items() if key != "roundtrip_efficiency"}
    advanced = {
        "charging_efficiency": "sensor.inverter_efficiency",
        "discharging_efficiency": 94,
        "usage": 0.05,
        "usage_sensor": str(SITE_POWER),
        "gain": "sensor.charger_limit",
        "gain_sensor": str(SITE_POWER),
        "operation_modes": "-4,6..-1 0; 1-5",
        "prefer_charging_sooner": False,
    }

    await walk(hass, await start(hass, entry), {**form, "advanced": advanced}, {})

    data = only_device(entry).data
    stored = {
        **advanced,
        "usage_sensor": SITE_POWER,
        "gain_sensor": SITE_POWER,
        "operation_modes": [(-4.6, -1), (0, 0), (1, 5)],
    }
    assert {key: data[key] for key in stored} == stored
    assert "roundtrip_efficiency" not in data
    result = await change(hass, entry)
    shown = {**form, **advanced, "operation_modes": "-4.6..-1 0 1..5"}
    assert suggested(result) == shown

    again = {key: shown[key] for key in advanced}
    result = await walk(hass, result, {**form, "advanced": again}, {})
    assert result["reason"] == "reconfigure_successful"
    assert only_device(entry).data == data


@pytest.mark.parametrize("kind", ["battery", "ev_charger", "heat_buffer", "water_tank"])
async def test_what_stores_energy_is_charged_sooner_unless_somebody_wants_it_later(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str
) -> None:
    """The box is ticked at first; a box that nobody saw changes nothing."""
    schema = (await start(hass, entry, kind))["data_schema"]
    assert schema is not None

    assert schema({**_usual(kind), "advanced": {}})["advanced"] == {"prefer_charging_sooner": True}
    assert "advanced" not in schema(_usual(kind))


def _usual(kind: str) -> dict[str, Any]:
    forms = {"battery": FORM, "ev_charger": EV, "heat_buffer": BUFFER, "water_tank": TANK}
    return forms[kind]


async def test_a_run_may_begin_and_end_with_rest(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    result = await submit(
        hass, await start(hass, entry, "process"), {**PROCESS, "profile": "0 2 1 0"}
    )

    assert result["step_id"] == "control"


@pytest.mark.parametrize(
    ("names", "likely"),
    [
        ((), {"power_sensor": "new"}),
        (("production",), {"power_sensor": "new", "forecast_sensor": "70"}),
        (("power", "production"), {"power_sensor": "70", "forecast_sensor": "71"}),
    ],
)
async def test_panels_are_forecast_by_a_sensor_of_theirs(
    hass: HomeAssistant, entry: MockConfigEntry, names: tuple[str, ...], likely: dict[str, str]
) -> None:
    """Not by the first of all sensors, which is what the page would choose."""
    inventory = entry.runtime_data.inventory.data
    inventory.assets[7] = replace(asset(7, "Roof"), type_name="solar")
    for number, name in enumerate(names, 70):
        inventory.sensors[number] = sensor(number, name, "kW", 7)

    assert suggested(await start(hass, entry, "solar")) == likely
