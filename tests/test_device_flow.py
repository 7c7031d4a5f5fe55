"""Adding and changing flexible devices: what is asked, what is refused, what is stored."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from unittest.mock import MagicMock

from homeassistant.config_entries import (
    ConfigSubentryData,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import (
    AssetType,
    ConnectionFailedError,
    ValidationError,
)
from custom_components.flexmeasures.const import (
    CONF_CAPACITY,
    CONF_CHARGING_POWER,
    CONF_DEADBAND,
    CONF_DISCHARGING_POWER,
    CONF_KIND,
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
    KIND_BATTERY,
    SETPOINT_CONSUMPTION_POSITIVE,
    SETPOINT_PRODUCTION_POSITIVE,
    SUBENTRY_FLEXIBLE_DEVICE,
)

from .device_dialogs import (
    CONTROL,
    DETAILS,
    FORM,
    OLD,
    SETPOINT,
    STATE_OF_CHARGE,
    STORED,
    change,
    choose_kind,
    only_device,
    start,
    submit,
    suggested,
    walk,
)
from .flow_samples import (
    BATTERY,
    BATTERY_POWER,
    CABIN,
    HOME,
    SITE_POWER,
    add_entry,
    asset,
    entry,
    fake_client,
    mark_loaded,
    sensor,
    setup_entry,
)
from .s2_devices import s2_subentry

__all__ = ["entry", "setup_entry"]


@pytest.fixture
def client() -> MagicMock:
    """Return the entry's client."""
    client = fake_client()
    client.add_asset.return_value = asset(99, "Cellar battery", parent_id=HOME)
    client.add_sensor.return_value = sensor(98, "power", "kW", 99)
    return client


@pytest.fixture(autouse=True)
def entities(hass: HomeAssistant) -> None:
    """Have a battery in Home Assistant that is not in the entity registry."""
    hass.states.async_set(STATE_OF_CHARGE, "40", {"unit_of_measurement": "%"})
    hass.states.async_set(SETPOINT, "0", {"unit_of_measurement": "W"})


def device(**changes: Any) -> ConfigSubentryData:
    """Return a stored flexible device."""
    data = {**STORED, **changes}
    return ConfigSubentryData(
        data=data,
        subentry_type=SUBENTRY_FLEXIBLE_DEVICE,
        title="Garage battery",
        unique_id=f"power_sensor_{data[CONF_POWER_SENSOR]}",
    )


@pytest.fixture
def entry_with_device(hass: HomeAssistant, client: MagicMock) -> MockConfigEntry:
    """Return a loaded entry with one device."""
    entry = add_entry(hass, subentries=(device(),))
    mark_loaded(hass, entry, client)
    return entry


def power_sensors(result: SubentryFlowResult) -> list[tuple[str, str]]:
    """Return value and label of each power sensor that is offered."""
    schema = result["data_schema"]
    assert schema is not None
    options = schema.schema[CONF_POWER_SENSOR].config["options"]
    return [(option["value"], option["label"]) for option in options]


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


async def to_new_asset(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    """Go to the form of a new asset."""
    return await walk(hass, await start(hass, entry), {**FORM, CONF_POWER_SENSOR: "new"}, {})


async def test_a_person_creates_asset_and_power_sensor(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock
) -> None:
    """A battery below the site, with a power sensor on which schedules fit."""
    form = {**FORM, CONF_POWER_SENSOR: "new"}
    result = await walk(hass, await start(hass, entry), form, CONTROL, DETAILS)
    assert result["step_id"] == "create_asset"
    assert suggested(result) == {}
    result = await submit(hass, result, {CONF_NAME: " Cellar battery "})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    subentry = only_device(entry)
    assert subentry.title == "Cellar battery"
    assert subentry.unique_id == "power_sensor_98"
    assert subentry.data == {**STORED, CONF_POWER_SENSOR: 98}
    client.add_asset.assert_awaited_once_with(
        name="Cellar battery", type_id=5, account_id=1, parent_id=HOME
    )
    client.add_sensor.assert_awaited_once_with(
        asset_id=99,
        name="power",
        unit="kW",
        resolution=timedelta(minutes=15),
        timezone=hass.config.time_zone,
        attributes={"consumption_is_positive": True},
    )


@pytest.mark.parametrize(
    ("name_by_user", "shown"), [(None, "Inverter 3000"), ("Our battery", "Our battery")]
)
async def test_a_new_asset_is_called_as_the_device_that_tells_the_state_of_charge(
    hass: HomeAssistant, entry: MockConfigEntry, name_by_user: str | None, shown: str
) -> None:
    """The person's own name for it comes first."""
    inverter = MockConfigEntry()
    inverter.add_to_hass(hass)
    devices = dr.async_get(hass)
    made = devices.async_get_or_create(
        config_entry_id=inverter.entry_id, identifiers={("inverter", "1")}, name="Inverter 3000"
    )
    devices.async_update_device(made.id, name_by_user=name_by_user)
    level = er.async_get(hass).async_get_or_create(
        "sensor", "inverter", "level", device_id=made.id, unit_of_measurement="%"
    )
    form = {
        **FORM,
        CONF_POWER_SENSOR: "new",
        CONF_STATE_OF_CHARGE_ENTITY: level.entity_id,
    }
    result = await walk(hass, await start(hass, entry), form, {})
    assert suggested(result) == {CONF_NAME: shown}


async def test_creating_is_what_remains_without_free_power_sensors(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """The dropdown then holds that one choice, which is already made."""
    entry.runtime_data.inventory.data.sensors.clear()
    result = await start(hass, entry)
    assert power_sensors(result) == [("new", "new")]
    assert suggested(result)[CONF_POWER_SENSOR] == "new"


async def test_after_a_failure_only_what_is_missing_is_created(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock
) -> None:
    """An asset that was created before its sensor failed is used, unless another name is given."""
    result = await to_new_asset(hass, entry)
    client.add_sensor.side_effect = ConnectionFailedError("connection lost")
    result = await submit(hass, result, {CONF_NAME: "Cellar battery"})
    assert result["errors"] == {"base": "cannot_connect"}
    assert suggested(result) == {CONF_NAME: "Cellar battery"}

    client.add_sensor.side_effect = None
    result = await submit(hass, result, {CONF_NAME: "Cellar battery"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    client.add_asset.assert_awaited_once()
    assert [call.kwargs["asset_id"] for call in client.add_sensor.await_args_list] == [99, 99]


async def test_another_name_after_a_failure_makes_another_asset(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock
) -> None:
    """The person asked for it."""
    result = await to_new_asset(hass, entry)
    client.add_sensor.side_effect = ConnectionFailedError("connection lost")
    result = await submit(hass, result, {CONF_NAME: "Cellar battery"})
    client.add_asset.return_value = asset(97, "Attic battery", parent_id=HOME)
    client.add_sensor.side_effect = None
    await submit(hass, result, {CONF_NAME: "Attic battery"})
    assert only_device(entry).title == "Attic battery"
    assert client.add_sensor.await_args.kwargs["asset_id"] == 97


async def test_a_new_asset_that_is_refused_is_explained(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock
) -> None:
    """A blank name, a name that exists, and a server without batteries."""
    result = await submit(hass, await to_new_asset(hass, entry), {CONF_NAME: ""})
    assert result["errors"] == {CONF_NAME: "empty"}

    client.add_asset.side_effect = ValidationError(
        "A sibling asset with this name exists",
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        request="POST /api/v3_0/assets",
    )
    result = await submit(hass, result, {CONF_NAME: "Garage battery"})
    assert result["errors"] == {"base": "refused"}
    assert result["description_placeholders"] == {
        "at": "",
        "message": "A sibling asset with this name exists",
    }

    client.add_asset.side_effect = None
    types = client.get_asset_types.return_value
    client.get_asset_types.return_value = (AssetType(id=6, name="building"),)
    result = await submit(hass, result, {CONF_NAME: "Cellar battery"})
    assert result["errors"] == {"base": "asset_type_missing"}
    assert result["description_placeholders"] == {"at": "", "type": "battery"}

    client.get_asset_types.return_value = types
    result = await submit(hass, result, {CONF_NAME: "Cellar battery"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_nothing_is_created_below_a_public_site(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock
) -> None:
    """It belongs to no account that could own the asset."""
    entry.runtime_data.inventory.data.site = asset(HOME, "home", account_id=None)
    result = await submit(hass, await to_new_asset(hass, entry), {CONF_NAME: "Cellar battery"})
    assert result["errors"] == {"base": "no_permission"}
    client.add_asset.assert_not_awaited()


async def test_a_device_is_changed(hass: HomeAssistant, entry_with_device: MockConfigEntry) -> None:
    """The form shows what is stored, its own power sensor and setpoint entity included, and replaces it."""
    hass.config_entries.async_update_subentry(
        entry_with_device, only_device(entry_with_device), title="My battery"
    )
    result = await change(hass, entry_with_device)
    assert result["step_id"] == "battery"
    assert suggested(result) == FORM
    result = await walk(hass, result, {**FORM, CONF_CAPACITY: 12})
    assert suggested(result) == CONTROL
    result = await walk(hass, result, CONTROL)
    assert suggested(result)[CONF_SETPOINT_SIGN] == SETPOINT_CONSUMPTION_POSITIVE

    details = {**DETAILS, CONF_SETPOINT_SIGN: SETPOINT_PRODUCTION_POSITIVE}
    result = await walk(hass, result, details)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    subentry = only_device(entry_with_device)
    assert subentry.data == {
        **STORED,
        CONF_CAPACITY: 12,
        CONF_SETPOINT_SIGN: SETPOINT_PRODUCTION_POSITIVE,
    }
    assert subentry.title == "My battery"


async def test_taking_the_setpoint_entity_away_takes_its_settings_with_it(
    hass: HomeAssistant, entry_with_device: MockConfigEntry
) -> None:
    """The device is then only shown, and keeps what no form knows."""
    subentry = only_device(entry_with_device)
    hass.config_entries.async_update_subentry(
        entry_with_device, subentry, data={**STORED, "of_a_later_version": 7}
    )
    await walk(hass, await change(hass, entry_with_device), FORM, {})
    assert only_device(entry_with_device).data == {
        **FORM,
        CONF_KIND: KIND_BATTERY,
        CONF_POWER_SENSOR: BATTERY_POWER,
        "of_a_later_version": 7,
    }


async def test_a_battery_of_an_earlier_version_is_changed(
    hass: HomeAssistant, client: MagicMock
) -> None:
    """What was not asked for then is suggested as it is used: nothing changes unless a person changes it."""
    old = {**device(), "data": OLD}
    entry = add_entry(hass, subentries=(old,))  # type: ignore[arg-type]
    mark_loaded(hass, entry, client)
    result = await walk(hass, await change(hass, entry), FORM, CONTROL)
    shown = suggested(result)
    assert (shown[CONF_SAFE_ACTION], shown[CONF_SAFE_POWER]) == ("fixed", 0)
    await walk(hass, result, DETAILS)
    assert only_device(entry).data == STORED


async def test_a_device_moves_to_another_power_sensor(
    hass: HomeAssistant, entry_with_device: MockConfigEntry
) -> None:
    """Name and unique id go with the sensor."""
    result = await change(hass, entry_with_device)
    await walk(hass, result, {**FORM, CONF_POWER_SENSOR: str(SITE_POWER)}, {})
    subentry = only_device(entry_with_device)
    assert subentry.data[CONF_POWER_SENSOR] == SITE_POWER
    assert subentry.unique_id == f"power_sensor_{SITE_POWER}"
    assert subentry.title == "home"


async def test_a_device_moves_to_a_new_asset(
    hass: HomeAssistant, entry_with_device: MockConfigEntry
) -> None:
    """As when it was added."""
    result = await change(hass, entry_with_device)
    result = await walk(hass, result, {**FORM, CONF_POWER_SENSOR: "new"}, {})
    result = await walk(hass, result, {CONF_NAME: "Cellar battery"})
    assert result["reason"] == "reconfigure_successful"
    subentry = only_device(entry_with_device)
    assert subentry.title == "Cellar battery"
    assert subentry.data[CONF_POWER_SENSOR] == 98


async def test_what_no_longer_exists_is_not_suggested(
    hass: HomeAssistant, client: MagicMock
) -> None:
    """A removed sensor and a removed entity leave their fields empty."""
    gone = device(
        **{CONF_POWER_SENSOR: 404, CONF_STATE_OF_CHARGE_ENTITY: "0123456789abcdef0123456789abcdef"}
    )
    entry = add_entry(hass, subentries=(gone,))
    mark_loaded(hass, entry, client)
    shown = suggested(await change(hass, entry))
    assert CONF_POWER_SENSOR not in shown
    assert CONF_STATE_OF_CHARGE_ENTITY not in shown


async def test_changes_that_make_no_sense_are_refused(
    hass: HomeAssistant, entry_with_device: MockConfigEntry
) -> None:
    """The device stays as it was until the form makes sense."""
    result = await change(hass, entry_with_device)
    result = await submit(hass, result, {**FORM, CONF_CAPACITY: -1})
    assert result["errors"] == {CONF_CAPACITY: "not_positive"}
    assert only_device(entry_with_device).data == STORED
    result = await walk(hass, result, FORM, CONTROL, DETAILS)
    assert result["reason"] == "reconfigure_successful"


@pytest.mark.parametrize("dialog", [choose_kind, change])
async def test_devices_need_a_connection(hass: HomeAssistant, dialog: Any) -> None:
    """Without one the site's sensors are unknown, and the dialog says why."""
    entry = add_entry(hass, subentries=(device(),))
    result = await dialog(hass, entry)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "entry_not_loaded"
