"""Adding a battery: what is asked, what is refused, what is stored."""

from typing import Any
from unittest.mock import MagicMock

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.const import (
    CONF_CAPACITY,
    CONF_CHARGING_POWER,
    CONF_DEADBAND,
    CONF_DISCHARGING_POWER,
    CONF_MAXIMUM_STATE_OF_CHARGE,
    CONF_MINIMUM_DWELL,
    CONF_MINIMUM_OFF,
    CONF_MINIMUM_ON,
    CONF_MINIMUM_STATE_OF_CHARGE,
    CONF_POWER_SENSOR,
    CONF_ROUNDTRIP_EFFICIENCY,
    CONF_SAFE_ACTION,
    CONF_SAFE_POWER,
    CONF_SETPOINT_ENTITY,
    CONF_SETPOINT_SIGN,
    CONF_SETTLE_TIME,
    CONF_SHADOW_MODE,
    CONF_STATE_OF_CHARGE_ENTITY,
    CONF_WRITES_PER_DAY,
    DOMAIN,
    SETPOINT_CONSUMPTION_POSITIVE,
    SUBENTRY_FLEXIBLE_DEVICE,
)

from ..device_dialogs import (
    CONTROL,
    DETAILS,
    FORM,
    STORED,
    change,
    choose_kind,
    only_device,
    start,
    submit,
    suggested,
    walk,
)
from ..flow_samples import (
    BATTERY,
    BATTERY_POWER,
    CABIN,
    SITE_POWER,
    add_entry,
    fake_client,
    mark_loaded,
)
from ..s2_devices import s2_subentry
from .devices import device, power_sensors


async def test_a_person_adds_a_battery(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """The device is stored in the words of the form and named after its asset."""
    result = await start(hass, entry)
    assert result["step_id"] == "battery"
    assert power_sensors(result) == [
        (str(BATTERY_POWER), "Garage battery: power (kW)"),
        (str(SITE_POWER), "home: grid (MW)"),
        ("new", "new"),
    ]
    assert suggested(result) == {
        CONF_POWER_SENSOR: "new",
        CONF_MINIMUM_STATE_OF_CHARGE: 5,
        CONF_MAXIMUM_STATE_OF_CHARGE: 100,
        CONF_ROUNDTRIP_EFFICIENCY: 90,
    }

    result = await walk(hass, result, FORM)
    assert result["step_id"] == "control"
    assert result["description_placeholders"] == {
        "at": "",
        "now": "battery level: 40 % = 4.0 kWh",
    }
    result = await walk(hass, result, CONTROL)
    assert result["step_id"] == "control_details"
    assert result["description_placeholders"] == {
        "at": "",
        "told": "battery power (0 W)",
    }
    assert suggested(result) == {
        CONF_SETPOINT_SIGN: SETPOINT_CONSUMPTION_POSITIVE,
        CONF_SAFE_ACTION: "fixed",
        CONF_SAFE_POWER: 0,
        CONF_SHADOW_MODE: False,
        CONF_DEADBAND: 50,
        CONF_MINIMUM_DWELL: 30,
        CONF_MINIMUM_ON: 0,
        CONF_MINIMUM_OFF: 0,
        CONF_WRITES_PER_DAY: 200,
        CONF_SETTLE_TIME: 30,
    }

    result = await walk(hass, result, DETAILS)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    subentry = only_device(entry)
    assert subentry.data == STORED
    assert subentry.title == "Garage battery"
    assert subentry.unique_id == f"power_sensor_{BATTERY_POWER}"
    assert subentry.subentry_type == SUBENTRY_FLEXIBLE_DEVICE


async def test_a_battery_needs_no_setpoint_entity(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Setpoints may also be carried out by an automation."""
    await walk(hass, await start(hass, entry), FORM, {})
    assert CONF_SETPOINT_ENTITY not in only_device(entry).data
    result = await walk(hass, await change(hass, entry), FORM)
    assert CONF_SETPOINT_ENTITY not in suggested(result)


async def test_registered_entities_are_stored_so_that_renaming_does_no_harm(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """The registry id is stored, and the entity id of today is shown."""
    registry = er.async_get(hass)
    level = registry.async_get_or_create(
        "sensor", "inverter", "level", suggested_object_id="level", unit_of_measurement="kWh"
    )
    power = registry.async_get_or_create(
        "number", "inverter", "power", suggested_object_id="power", unit_of_measurement="kW"
    )
    form = {**FORM, CONF_STATE_OF_CHARGE_ENTITY: level.entity_id}
    control = {CONF_SETPOINT_ENTITY: power.entity_id}
    result = await walk(hass, await start(hass, entry), form, control, DETAILS)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    data = only_device(entry).data
    assert data[CONF_STATE_OF_CHARGE_ENTITY] == level.id
    assert data[CONF_SETPOINT_ENTITY] == power.id

    registry.async_update_entity(level.entity_id, new_entity_id="sensor.renamed")
    result = await change(hass, entry)
    assert suggested(result)[CONF_STATE_OF_CHARGE_ENTITY] == "sensor.renamed"
    result = await walk(hass, result, {**form, CONF_STATE_OF_CHARGE_ENTITY: "sensor.renamed"})
    assert suggested(result) == {CONF_SETPOINT_ENTITY: power.entity_id}


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({CONF_CAPACITY: -10}, {CONF_CAPACITY: "not_positive"}),
        ({CONF_CAPACITY: 0}, {CONF_CAPACITY: "not_positive"}),
        ({CONF_CAPACITY: float("nan")}, {CONF_CAPACITY: "not_finite"}),
        ({CONF_MINIMUM_STATE_OF_CHARGE: -1}, {CONF_MINIMUM_STATE_OF_CHARGE: "not_a_share"}),
        ({CONF_MAXIMUM_STATE_OF_CHARGE: 101}, {CONF_MAXIMUM_STATE_OF_CHARGE: "not_a_share"}),
        (
            {CONF_MINIMUM_STATE_OF_CHARGE: 80, CONF_MAXIMUM_STATE_OF_CHARGE: 20},
            {CONF_MINIMUM_STATE_OF_CHARGE: "minimum_not_below_maximum"},
        ),
        ({CONF_CHARGING_POWER: -5}, {CONF_CHARGING_POWER: "negative"}),
        ({CONF_DISCHARGING_POWER: -5}, {CONF_DISCHARGING_POWER: "negative"}),
        (
            {CONF_CHARGING_POWER: 0, CONF_DISCHARGING_POWER: 0},
            {CONF_CHARGING_POWER: "not_positive"},
        ),
        ({CONF_ROUNDTRIP_EFFICIENCY: 0}, {CONF_ROUNDTRIP_EFFICIENCY: "not_a_share"}),
        ({CONF_ROUNDTRIP_EFFICIENCY: 120}, {CONF_ROUNDTRIP_EFFICIENCY: "not_a_share"}),
        (
            {CONF_STATE_OF_CHARGE_ENTITY: "sensor.nothing"},
            {CONF_STATE_OF_CHARGE_ENTITY: "entity_not_found"},
        ),
        (
            {CONF_STATE_OF_CHARGE_ENTITY: "0123456789abcdef0123456789abcdef"},
            {CONF_STATE_OF_CHARGE_ENTITY: "entity_not_found"},
        ),
        (
            {CONF_STATE_OF_CHARGE_ENTITY: "sensor.without_unit"},
            {CONF_STATE_OF_CHARGE_ENTITY: "state_of_charge_without_unit"},
        ),
        (
            {CONF_STATE_OF_CHARGE_ENTITY: "sensor.watts"},
            {CONF_STATE_OF_CHARGE_ENTITY: "state_of_charge_unit"},
        ),
        (
            {CONF_CAPACITY: "sensor.nothing"},
            {CONF_CAPACITY: "entity_not_found"},
        ),
        ({CONF_CAPACITY: "sensor.watts"}, {CONF_CAPACITY: "value_unit"}),
        ({CONF_CHARGING_POWER: "sensor.without_unit"}, {CONF_CHARGING_POWER: "value_unit"}),
        (
            {CONF_CAPACITY: {"active_choice": "number"}},
            {CONF_CAPACITY: "empty"},
        ),
        (
            {CONF_STATE_OF_CHARGE_ENTITY: "sensor.watts", CONF_CAPACITY: -1},
            {CONF_STATE_OF_CHARGE_ENTITY: "state_of_charge_unit", CONF_CAPACITY: "not_positive"},
        ),
    ],
)
async def test_what_makes_no_sense_is_refused_at_its_field_and_can_be_mended(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: MagicMock,
    changes: dict[str, Any],
    errors: dict[str, str],
) -> None:
    """Nothing is sent, the form keeps what was entered, and the corrected form is accepted."""
    hass.states.async_set("sensor.watts", "40", {"unit_of_measurement": "W"})
    hass.states.async_set("sensor.without_unit", "40")
    result = await submit(hass, await start(hass, entry), {**FORM, **changes})
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors
    entered = {
        key: value for key, value in {**FORM, **changes}.items() if not isinstance(value, dict)
    }
    assert suggested(result) == pytest.approx(entered, nan_ok=True)
    assert not client.method_calls

    result = await walk(hass, result, FORM, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("entity", "error"),
    [
        ("number.nothing", "entity_not_found"),
        ("input_number.without_unit", "setpoint_without_unit"),
        ("number.volts", "setpoint_unit"),
        ("number.battery_level", "same_entity"),
        ("button.start", "starts_only_processes"),
    ],
)
async def test_an_entity_that_cannot_take_the_setpoint_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry, entity: str, error: str
) -> None:
    """The form keeps what was chosen, and another entity is accepted."""
    hass.states.async_set("number.volts", "6", {"unit_of_measurement": "V"})
    hass.states.async_set("number.battery_level", "6", {"unit_of_measurement": "%"})
    hass.states.async_set("button.start", "unknown")
    hass.states.async_set("input_number.without_unit", "0")
    form = {**FORM, CONF_STATE_OF_CHARGE_ENTITY: "number.battery_level"}
    result = await walk(hass, await start(hass, entry), form)
    result = await submit(hass, result, {CONF_SETPOINT_ENTITY: entity})
    assert result["errors"] == {CONF_SETPOINT_ENTITY: error}
    assert suggested(result) == {CONF_SETPOINT_ENTITY: entity}

    result = await walk(hass, result, CONTROL, DETAILS)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_sentence_about_a_unit_names_it(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """What it has, and what is needed."""
    hass.states.async_set("sensor.volts", "40", {"unit_of_measurement": "V"})
    hass.states.async_set("number.volts", "6", {"unit_of_measurement": "V"})
    form = {**FORM, CONF_STATE_OF_CHARGE_ENTITY: "sensor.volts", CONF_CAPACITY: "sensor.volts"}
    result = await submit(hass, await start(hass, entry), form)
    assert result["description_placeholders"] == {
        "at": "",
        "state_of_charge_unit": "V",
        "value_unit": "V",
        "wanted_unit": "kWh",
    }
    result = await walk(hass, result, FORM)
    result = await submit(hass, result, {CONF_SETPOINT_ENTITY: "number.volts"})
    assert result["description_placeholders"] == {
        "at": "",
        "now": "battery level: 40 % = 4.0 kWh",
        "setpoint_unit": "V",
    }


async def test_a_setpoint_is_not_written_to_our_own_number(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """It would answer itself."""
    own = er.async_get(hass).async_get_or_create(
        "number", DOMAIN, "setpoint", unit_of_measurement="W"
    )
    result = await walk(hass, await start(hass, entry), FORM)
    result = await submit(hass, result, {CONF_SETPOINT_ENTITY: own.entity_id})
    assert result["errors"] == {CONF_SETPOINT_ENTITY: "own_entity"}


async def test_two_devices_share_neither_power_sensor_nor_setpoint_entity(
    hass: HomeAssistant, entry_with_device: MockConfigEntry
) -> None:
    """Used power sensors are not offered; a used setpoint entity is refused, also for another site."""
    result = await start(hass, entry_with_device)
    assert str(BATTERY_POWER) not in dict(power_sensors(result))
    with pytest.raises(InvalidData):
        await submit(hass, result, FORM)
    result = await walk(hass, result, {**FORM, CONF_POWER_SENSOR: str(SITE_POWER)})
    result = await submit(hass, result, CONTROL)
    assert result["errors"] == {CONF_SETPOINT_ENTITY: "setpoint_entity_used"}

    cabin = add_entry(hass, site_id=CABIN)
    mark_loaded(hass, cabin, fake_client())
    result = await walk(hass, await start(hass, cabin), FORM)
    result = await submit(hass, result, CONTROL)
    assert result["errors"] == {CONF_SETPOINT_ENTITY: "setpoint_entity_used"}


async def test_the_sensors_of_an_s2_device_are_not_offered_to_another(
    hass: HomeAssistant, client: MagicMock
) -> None:
    entry = add_entry(hass, subentries=(s2_subentry(asset=BATTERY),))
    mark_loaded(hass, entry, client)

    offered = dict(power_sensors(await start(hass, entry)))

    assert str(BATTERY_POWER) not in offered
    assert str(SITE_POWER) in offered


async def test_a_power_sensor_that_was_taken_meanwhile_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Two dialogs that are open at the same time do not make two devices of one sensor."""
    first = await start(hass, entry)
    second = await start(hass, entry)
    await walk(hass, first, FORM, {})
    result = await submit(hass, second, FORM)
    assert result["errors"] == {CONF_POWER_SENSOR: "power_sensor_used"}
    assert CONF_POWER_SENSOR not in suggested(result)

    result = await walk(hass, result, {**FORM, CONF_POWER_SENSOR: str(SITE_POWER)}, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(entry.subentries) == 2


@pytest.mark.parametrize("dialog", [choose_kind, change])
async def test_devices_need_a_connection(hass: HomeAssistant, dialog: Any) -> None:
    """Without one the site's sensors are unknown, and the dialog says why."""
    entry = add_entry(hass, subentries=(device(),))
    result = await dialog(hass, entry)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "entry_not_loaded"
