"""Every kind of flexible device, and every kind of entity that takes its setpoint, through the dialogs."""

from dataclasses import replace
from typing import Any
from unittest.mock import MagicMock

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import AssetType, ConnectionFailedError
from custom_components.flexmeasures.const import SUBENTRY_FLEXIBLE_DEVICE
from custom_components.flexmeasures.device_forms import DEVICE_FORMS
from custom_components.flexmeasures.flexible_device import DeviceKind, FlexibleDevice

from .device_dialogs import (
    CONTROL,
    DETAILS,
    FORM,
    change,
    choose_kind,
    only_device,
    start,
    submit,
    suggested,
    walk,
)
from .flow_samples import (
    BATTERY_POWER,
    SITE_POWER,
    STATE_OF_CHARGE,
    add_entry,
    asset,
    entry,
    fake_client,
    mark_loaded,
    sensor,
    setup_entry,
)

__all__ = ["entry", "setup_entry"]

TYPES = (
    "battery",
    "building",
    "heat-storage",
    "one-way_evse",
    "process",
    "solar",
    "two-way_evse",
)
NEW_POWER, NEW_ENERGY = 201, 202

EV: dict[str, Any] = {
    "power_sensor": "new",
    "state_of_charge_entity": "sensor.car_level",
    "capacity": 60,
    "minimum_state_of_charge": 0,
    "maximum_state_of_charge": 100,
    "charging_power": "sensor.charger_limit",
    "discharging_power": 0,
    "roundtrip_efficiency": 90,
    "plugged_in_entity": "binary_sensor.plugged_in",
    "calendar_entity": "calendar.trips",
}
NEW_BATTERY: dict[str, Any] = {**FORM, "power_sensor": "new"}
HEAT: dict[str, Any] = {
    "power_sensor": "new",
    "minimum_state_of_charge": 20,
    "maximum_state_of_charge": 100,
    "charging_power": 2,
    "coefficient_of_performance": 3,
    "heat_usage": 0.3,
    "standby_loss": 1,
}
BUFFER = {**HEAT, "state_of_charge_entity": "sensor.buffer_energy", "capacity": 12}
TANK = {
    **HEAT,
    "state_of_charge_entity": "sensor.tank_temperature",
    "tank_volume": 200,
    "empty_temperature": 10,
    "full_temperature": 60,
}
SOLAR = {"power_sensor": "new", "forecast_sensor": str(SITE_POWER), "peak_power": 4.2}
PROCESS: dict[str, Any] = {
    "power_sensor": "new",
    "profile": "2 2; 0,1 1.5",
    "profile_part": 15,
    "interruptible": False,
    "ready_entity": "input_boolean.dishwasher_ready",
}
GENERIC: dict[str, Any] = {
    "power_sensor": "new",
    "flex_model": {"soc-max": "10 kWh"},
    "charging_power": 3,
    "discharging_power": 2,
}
SAFETY = {"safe_action": "restore"}


@pytest.fixture
def client() -> MagicMock:
    """Return a client of a server that knows all types of assets."""
    client = fake_client()
    client.get_asset_types.return_value = tuple(
        AssetType(id=number, name=name) for number, name in enumerate(TYPES, 1)
    )
    client.add_asset.return_value = asset(99, "New device")
    client.add_sensor.side_effect = [
        sensor(NEW_POWER, "power", "kW", 99),
        sensor(NEW_ENERGY, "predicted energy", "kWh", 99),
    ]
    return client


@pytest.fixture(autouse=True)
def home(hass: HomeAssistant) -> None:
    """Have a home with all kinds of devices."""
    states: dict[str, tuple[str, str | None]] = {
        "sensor.battery_level": ("40", "%"),
        "sensor.buffer_energy": ("6000", "Wh"),
        "sensor.car_level": ("50", "%"),
        "sensor.charger_limit": ("11000", "W"),
        "sensor.tank_temperature": ("35", "°C"),
        "binary_sensor.plugged_in": ("on", None),
        "input_boolean.dishwasher_ready": ("off", None),
        "calendar.trips": ("off", None),
        "number.battery_power": ("0", "W"),
        "number.charger_current": ("16", "A"),
        "number.inverter_share": ("0", "%"),
        "number.flow_temperature": ("35", "°C"),
        "switch.charger": ("on", None),
        "button.start": ("unknown", None),
        "script.carry_out": ("off", None),
    }
    for entity_id, (state, unit) in states.items():
        attributes = {"unit_of_measurement": unit} if unit else {}
        hass.states.async_set(entity_id, state, attributes)
    options = {"options": ["Auto", "Force charge", "Force discharge"]}
    hass.states.async_set("select.battery_mode", "Auto", options)
    limits = {"temperature": 20, "min_temp": 7, "max_temp": 30}
    hass.states.async_set("climate.house", "heat", limits)


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
    assert {form.kind for form in DEVICE_FORMS.values()} == set(DeviceKind)


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


async def test_values_that_live_in_entities_are_kept_by_registry_id_and_come_first(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """The page puts what is suggested into the first choice of a value."""
    registered = er.async_get(hass).async_get_or_create(
        "sensor", "inverter", "capacity", suggested_object_id="usable", unit_of_measurement="Wh"
    )
    form = {**FORM, "capacity": {"active_choice": "entity", "entity": "sensor.usable", "number": 3}}
    await walk(hass, await start(hass, entry), form, {})
    assert only_device(entry).data["capacity"] == registered.id

    er.async_get(hass).async_update_entity("sensor.usable", new_entity_id="sensor.renamed")
    result = await change(hass, entry)
    assert suggested(result)["capacity"] == "sensor.renamed"
    schema = result["data_schema"]
    assert schema is not None
    choices = {
        name: list(schema.schema[name].config["choices"]) for name in ("capacity", "charging_power")
    }
    assert choices == {"capacity": ["entity", "number"], "charging_power": ["number", "entity"]}


async def test_an_entity_that_tells_nothing_now_does_not_keep_a_device_from_being_added(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Only its unit counts; a value that it does tell is checked with the others."""
    for entity_id, state in (("sensor.least", "unknown"), ("sensor.most", "unavailable")):
        hass.states.async_set(entity_id, state, {"unit_of_measurement": "%"})
    form = {
        **FORM,
        "minimum_state_of_charge": "sensor.least",
        "maximum_state_of_charge": "sensor.most",
    }
    hass.states.async_set("sensor.least", "100", {"unit_of_measurement": "%"})
    result = await submit(hass, await start(hass, entry), form)
    assert result["errors"] == {"minimum_state_of_charge": "minimum_not_below_maximum"}

    hass.states.async_set("sensor.least", "unknown", {"unit_of_measurement": "%"})
    result = await walk(hass, result, form, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("kind", "form", "now"),
    [
        ("battery", FORM, "battery level: 40 % = 4.0 kWh"),
        ("heat_buffer", BUFFER, "buffer energy: 6000 Wh = 6.0 kWh"),
        # 25 K above empty x 200 L x 4.186 / 3600 kWh
        ("water_tank", TANK, "tank temperature: 35 °C = 5.8 kWh"),
        ("solar", SOLAR, ""),
    ],
)
async def test_a_sentence_says_what_is_stored_right_now(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str, form: dict[str, Any], now: str
) -> None:
    result = await walk(hass, await start(hass, entry, kind), form)

    assert result["description_placeholders"] == {"at": "", "now": now}


async def test_a_state_of_charge_that_tells_nothing_is_said_as_it_is(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    hass.states.async_set("sensor.battery_level", "unavailable", {"unit_of_measurement": "%"})
    result = await walk(hass, await start(hass, entry), FORM)
    assert result["description_placeholders"] == {"at": "", "now": "battery level: unavailable %"}


@pytest.mark.parametrize("power_sensor", ["new", str(BATTERY_POWER)])
async def test_a_sensor_for_the_predicted_energy_is_created_beside_the_power_sensor(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock, power_sensor: str
) -> None:
    """After a failure only what is missing; never the measured one is offered twice."""
    energy = sensor(NEW_ENERGY, "predicted energy", "kWh", 99)
    made = [sensor(NEW_POWER, "power", "kW", 99)] if power_sensor == "new" else []
    client.add_sensor.side_effect = [*made, ConnectionFailedError("lost"), energy]
    form = {
        **FORM,
        "power_sensor": power_sensor,
        "more": {"predicted_energy_sensor": "new"},
    }
    result = await walk(hass, await start(hass, entry), form, {})
    answer = {CONF_NAME: "New device"} if power_sensor == "new" else {}
    assert result["step_id"] == ("create_asset" if answer else "create_sensor")
    result = await submit(hass, result, answer)
    assert result["errors"] == {"base": "cannot_connect"}

    result = await walk(hass, result, answer)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert only_device(entry).data["predicted_energy_sensor"] == NEW_ENERGY
    asked = client.add_sensor.await_args.kwargs
    assert (asked["name"], asked["unit"], asked["attributes"]) == ("predicted energy", "kWh", {})
    assert asked["resolution"].total_seconds() == 0


async def test_a_predicted_energy_has_its_own_sensor_of_energy(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    result = await start(hass, entry)
    form = {**FORM, "more": {"predicted_energy_sensor": str(STATE_OF_CHARGE)}}

    await walk(hass, result, form, {})

    assert only_device(entry).data["predicted_energy_sensor"] == STATE_OF_CHARGE
    assert suggested(await change(hass, entry))["predicted_energy_sensor"] == str(STATE_OF_CHARGE)


async def test_a_free_sensor_of_such_an_asset_is_suggested(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Everything else on the site may be what the whole house uses."""
    assets = dict(entry.runtime_data.inventory.data.assets)
    entry.runtime_data.inventory.data.assets = assets
    assert suggested(await start(hass, entry))["power_sensor"] == "new"

    assets[12] = replace(assets[12], type_name="battery")
    assert suggested(await start(hass, entry))["power_sensor"] == str(BATTERY_POWER)
    assert suggested(await start(hass, entry, "solar"))["power_sensor"] == "new"


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


async def test_a_run_may_begin_and_end_with_rest(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    result = await submit(
        hass, await start(hass, entry, "process"), {**PROCESS, "profile": "0 2 1 0"}
    )

    assert result["step_id"] == "control"


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
