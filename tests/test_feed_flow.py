"""Adding and changing feeds: what is proposed, asked and refused, and what is stored."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import MagicMock, patch

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntryState,
    ConfigSubentry,
    ConfigSubentryData,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import ConnectionFailedError
from custom_components.flexmeasures.const import (
    CONF_AGGREGATION,
    CONF_DIRECTION,
    CONF_ENTITY,
    CONF_POWER_SENSOR,
    CONF_SENSOR,
    DOMAIN,
    SUBENTRY_FLEXIBLE_DEVICE,
    SUBENTRY_MEASUREMENT,
)

from .flow_samples import (
    BATTERY,
    BATTERY_POWER,
    CONSUMPTION_PRICE,
    HOME,
    INSTANTANEOUS_POWER,
    SITE_POWER,
    STATE_OF_CHARGE,
    add_entry,
    entry,
    fake_client,
    mark_loaded,
    sensor,
    setup_entry,
)

__all__ = ["entry", "setup_entry"]

METER = "sensor.house_load"
CREATED = 90
FORM = {CONF_ENTITY: METER, CONF_SENSOR: str(SITE_POWER)}
VALUES = {CONF_AGGREGATION: "mean", CONF_DIRECTION: "consumption"}
STORED = {**VALUES, CONF_ENTITY: METER, CONF_SENSOR: SITE_POWER}
NEW = {
    "asset": str(HOME),
    CONF_NAME: "House load",
    "unit": "kW",
    "resolution": "15",
    **VALUES,
}


@pytest.fixture
def client() -> MagicMock:
    """Return the entry's client, which creates the sensors 90, 91, 92 and so on."""
    client = fake_client()

    def create(*, asset_id: int, name: str, unit: str, **_: object) -> Any:
        return sensor(CREATED + client.add_sensor.await_count - 1, name, unit, asset_id)

    client.add_sensor.side_effect = create
    return client


@pytest.fixture(autouse=True)
def meter(hass: HomeAssistant) -> None:
    """Have an entity with power that is nobody's proposal: it has no device class."""
    show(hass, METER, "1.2", "kW", friendly_name="House load")


@pytest.fixture
def entry_with_feed(hass: HomeAssistant, client: MagicMock) -> MockConfigEntry:
    """Return a loaded entry with one feed."""
    entry = add_entry(hass, subentries=(stored_feed(),))
    mark_loaded(hass, entry, client)
    return entry


def show(
    hass: HomeAssistant, entity_id: str, value: str, unit: str | None, **attributes: str
) -> None:
    """Let an entity show a value."""
    hass.states.async_set(entity_id, value, {"unit_of_measurement": unit, **attributes})


def stored_feed(**changes: Any) -> ConfigSubentryData:
    """Return a stored feed."""
    data = {**STORED, **changes}
    return ConfigSubentryData(
        data=data,
        subentry_type=SUBENTRY_MEASUREMENT,
        title="House load → home: grid",
        unique_id=f"feed_{data[CONF_SENSOR]}",
    )


def planned_device(sensor_id: int, **more: int) -> ConfigSubentryData:
    """Return a flexible device whose plan is stored on the sensor."""
    return ConfigSubentryData(
        data={CONF_POWER_SENSOR: sensor_id, **more},
        subentry_type=SUBENTRY_FLEXIBLE_DEVICE,
        title="Garage battery",
        unique_id=f"power_sensor_{sensor_id}",
    )


def feeds(entry: MockConfigEntry) -> list[ConfigSubentry]:
    """Return the entry's feeds, in the order of their sensors."""
    subentries = entry.get_subentries_of_type(SUBENTRY_MEASUREMENT)
    return sorted(subentries, key=lambda feed: int(feed.data[CONF_SENSOR]))


async def start(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str = SUBENTRY_MEASUREMENT
) -> SubentryFlowResult:
    """Open the dialog of new feeds."""
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, kind), context={"source": SOURCE_USER}
    )


async def change(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    """Open the dialog of the entry's feed."""
    (feed,) = feeds(entry)
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_MEASUREMENT),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": feed.subentry_id},
    )


async def submit(
    hass: HomeAssistant, result: SubentryFlowResult, user_input: dict[str, Any]
) -> SubentryFlowResult:
    """Fill in the form and press the button."""
    return await hass.config_entries.subentries.async_configure(result["flow_id"], user_input)


async def to_proposals(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    """Go to the form of proposals."""
    return await submit(hass, await start(hass, entry), {"next_step_id": "proposals"})


def suggested(result: SubentryFlowResult) -> dict[str, Any]:
    """Return what a form shows as already filled in."""
    schema = result["data_schema"]
    assert schema is not None
    return {
        str(key): key.description["suggested_value"]
        for key in schema.schema
        if key.description and "suggested_value" in key.description
    }


def defaults(result: SubentryFlowResult) -> dict[str, Any]:
    """Return the form's fields with what they begin with, None for nothing."""
    schema = result["data_schema"]
    assert schema
    return {
        str(marker): None if isinstance(marker.default, probatio.Undefined) else marker.default()
        for marker in schema.schema
    }


def options(result: SubentryFlowResult, field: str) -> dict[str, str]:
    """Return value and label of each option of a field."""
    schema = result["data_schema"]
    assert schema is not None
    return {item["value"]: item["label"] for item in schema.schema[field].config["options"]}


def ticked(result: SubentryFlowResult) -> list[str]:
    """Return the proposals that are ticked already."""
    schema = result["data_schema"]
    assert schema is not None
    return next(key.default() for key in schema.schema if key == "feeds")


def sentence(result: SubentryFlowResult) -> tuple[str, str]:
    """Return what the form says of the reading of now: as it is, and as it is sent."""
    placeholders = result["description_placeholders"]
    assert placeholders is not None
    return placeholders["state"], placeholders["sent"]


async def test_a_person_adds_a_feed(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Entity and sensor, then what the readings become; without proposals there is no menu before."""
    result = await start(hass, entry)
    assert result["step_id"] == "feed"
    assert options(result, CONF_SENSOR) == {
        str(BATTERY_POWER): "Garage battery: power (kW)",
        str(STATE_OF_CHARGE): "Garage battery: state of charge (kWh)",
        str(CONSUMPTION_PRICE): "home: contract (EUR/kWh)",
        str(SITE_POWER): "home: grid (MW)",
        str(INSTANTANEOUS_POWER): "home: meter (W)",
        "new": "new",
    }

    result = await submit(hass, result, FORM)
    assert result["step_id"] == "values"
    assert suggested(result) == VALUES
    assert sentence(result) == ("1.2 kW", "0.0012 MW consumption")

    result = await submit(hass, result, VALUES)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (feed,) = feeds(entry)
    assert feed.data == STORED
    assert feed.title == "House load → home: grid"
    assert feed.unique_id == f"feed_{SITE_POWER}"


@pytest.mark.parametrize(
    ("value", "name", "sent"),
    [
        ("-1.2", "House load", "0.0012 MW production"),
        ("1.2", "Solar power", "0.0012 MW production"),
        ("-1.2", "PV roof", "0.0012 MW consumption"),
        ("0", "House load", "0 MW consumption"),
        ("unavailable", "House load", "?"),
        ("nan", "House load", "?"),
    ],
)
async def test_the_form_says_what_would_be_sent_now(
    hass: HomeAssistant, entry: MockConfigEntry, value: str, name: str, sent: str
) -> None:
    """A negative consumption is a production; the direction is guessed from the name."""
    show(hass, METER, value, "kW", friendly_name=name)
    result = await submit(hass, await start(hass, entry), FORM)
    assert sentence(result)[1] == sent


async def test_the_form_speaks_home_assistant_s_language(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """The words for the directions are part of the sentence's values."""
    hass.config.language = "nl"
    result = await submit(hass, await start(hass, entry), FORM)
    assert sentence(result) == ("1.2 kW", "0.0012 MW verbruik")


@pytest.mark.parametrize(
    ("attributes", "unit", "sensor_id", "aggregation", "directed", "told"),
    [
        ({"state_class": "measurement"}, "W", SITE_POWER, "mean", True, "5e-06 MW consumption"),
        ({}, "W", INSTANTANEOUS_POWER, "last", True, "5 W consumption"),
        (
            {"state_class": "total_increasing"},
            "kWh",
            SITE_POWER,
            "counter_to_power",
            True,
            "MW consumption",
        ),
        (
            {"state_class": "total", "device_class": "energy"},
            "Wh",
            STATE_OF_CHARGE,
            "counter_to_energy",
            True,
            "kWh consumption",
        ),
        (
            {"device_class": "energy"},
            "kWh",
            STATE_OF_CHARGE,
            "counter_to_energy",
            True,
            "kWh consumption",
        ),
        (
            {"device_class": "energy_storage", "state_class": "measurement"},
            "Wh",
            STATE_OF_CHARGE,
            "last",
            True,
            "0.005 kWh",
        ),
        ({}, "EUR/MWh", CONSUMPTION_PRICE, "mean", False, "0.005 EUR/kWh"),
    ],
)
async def test_what_suits_the_entity_is_suggested(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    attributes: dict[str, str],
    unit: str,
    sensor_id: int,
    aggregation: str,
    directed: bool,
    told: str,
) -> None:
    """By unit, state class and device class; a direction is asked only of what may have one."""
    show(hass, METER, "5", unit, **attributes)
    form = {**FORM, CONF_SENSOR: str(sensor_id)}
    result = await submit(hass, await start(hass, entry), form)
    assert suggested(result)[CONF_AGGREGATION] == aggregation
    assert (CONF_DIRECTION in suggested(result)) is directed
    assert sentence(result) == (f"5 {unit}", told)

    result = await submit(hass, result, suggested(result))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (feed,) = feeds(entry)
    assert (CONF_DIRECTION in feed.data) is told.endswith("consumption")


async def test_only_aggregations_that_make_sense_are_offered(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A meter of power is no counter, and an instantaneous sensor has no mean."""
    result = await submit(hass, await start(hass, entry), FORM)
    assert list(options(result, CONF_AGGREGATION)) == ["mean", "last", "maximum", "minimum"]
    with pytest.raises(InvalidData):
        await submit(hass, result, {**VALUES, CONF_AGGREGATION: "counter_to_power"})

    form = {**FORM, CONF_SENSOR: str(INSTANTANEOUS_POWER)}
    result = await submit(hass, await start(hass, entry), form)
    assert list(options(result, CONF_AGGREGATION)) == ["last"]


async def test_a_registered_entity_is_stored_so_that_renaming_does_no_harm(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """The registry id is stored; unit and name are known before there is a state."""
    registry = er.async_get(hass)
    power = registry.async_get_or_create(
        "sensor", "inverter", "power", original_name="Inverter power", unit_of_measurement="W"
    )
    form = {**FORM, CONF_ENTITY: power.entity_id}
    result = await submit(hass, await start(hass, entry), form)
    assert sentence(result) == ("?", "?")
    await submit(hass, result, VALUES)
    (feed,) = feeds(entry)
    assert feed.data[CONF_ENTITY] == power.id
    assert feed.title == "Inverter power → home: grid"

    registry.async_update_entity(power.entity_id, new_entity_id="sensor.renamed")
    assert suggested(await change(hass, entry))[CONF_ENTITY] == "sensor.renamed"


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({CONF_ENTITY: "sensor.nothing"}, {CONF_ENTITY: "entity_not_found"}),
        ({CONF_ENTITY: "sensor.without_unit"}, {CONF_ENTITY: "entity_without_unit"}),
        ({CONF_ENTITY: "sensor.own_power"}, {CONF_ENTITY: "own_entity"}),
        ({CONF_ENTITY: "sensor.outside"}, {CONF_SENSOR: "unit_mismatch"}),
        ({CONF_SENSOR: str(CONSUMPTION_PRICE)}, {CONF_SENSOR: "unit_mismatch"}),
        ({CONF_SENSOR: str(STATE_OF_CHARGE)}, {CONF_SENSOR: "unit_mismatch"}),
    ],
)
async def test_what_makes_no_sense_is_refused_at_its_field_and_can_be_mended(
    hass: HomeAssistant, entry: MockConfigEntry, changes: dict[str, str], errors: dict[str, str]
) -> None:
    """The form keeps what was entered, and the corrected form is accepted."""
    er.async_get(hass).async_get_or_create("sensor", DOMAIN, "own", suggested_object_id="own_power")
    show(hass, "sensor.own_power", "1", "W")
    show(hass, "sensor.without_unit", "40", None)
    show(hass, "sensor.outside", "12", "°C")
    result = await submit(hass, await start(hass, entry), {**FORM, **changes})
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors
    assert suggested(result) == {**FORM, **changes}

    result = await submit(hass, result, FORM)
    assert result["step_id"] == "values"
    result = await submit(hass, result, VALUES)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_sensor_of_what_the_server_predicts_is_not_offered(
    hass: HomeAssistant, client: MagicMock
) -> None:
    """The server would take what is measured for its own prediction, and the other way round."""
    device = planned_device(BATTERY_POWER, predicted_energy_sensor=STATE_OF_CHARGE)
    entry = add_entry(hass, subentries=(device,))
    mark_loaded(hass, entry, client)
    result = await start(hass, entry)

    assert str(STATE_OF_CHARGE) not in options(result, CONF_SENSOR)


async def test_a_sentence_about_units_names_both(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    show(hass, METER, "12", "°C")
    result = await submit(hass, await start(hass, entry), FORM)
    assert result["description_placeholders"] == {"entity_unit": "°C", "sensor_unit": "MW"}


async def test_a_sensor_that_is_fed_or_planned_is_not_offered(
    hass: HomeAssistant, client: MagicMock
) -> None:
    """Nor is a sensor that is fed offered to a flexible device: plan and readings would hide each other."""
    entry = add_entry(hass, subentries=(stored_feed(), planned_device(BATTERY_POWER)))
    mark_loaded(hass, entry, client)
    result = await start(hass, entry)
    assert not {str(SITE_POWER), str(BATTERY_POWER)} & options(result, CONF_SENSOR).keys()
    with pytest.raises(InvalidData):
        await submit(hass, result, FORM)

    result = await start(hass, entry, SUBENTRY_FLEXIBLE_DEVICE)
    result = await submit(hass, result, {"next_step_id": "battery"})
    assert options(result, CONF_POWER_SENSOR) == {"new": "new"}


async def test_a_sensor_that_was_taken_meanwhile_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Dialogs that are open at the same time do not feed one sensor twice."""
    first = await start(hass, entry)
    second = await start(hass, entry)
    third = await submit(hass, await start(hass, entry), FORM)
    await submit(hass, await submit(hass, first, FORM), VALUES)

    second = await submit(hass, second, FORM)
    assert second["errors"] == {CONF_SENSOR: "sensor_used"}
    assert suggested(second) == {CONF_ENTITY: METER, CONF_SENSOR: "new"}
    second = await submit(hass, second, {**FORM, CONF_SENSOR: str(BATTERY_POWER)})
    assert second["step_id"] == "values"

    third = await submit(hass, third, VALUES)
    assert third["type"] is FlowResultType.ABORT
    assert third["reason"] == "already_configured"


async def to_new_sensor(
    hass: HomeAssistant, entry: MockConfigEntry, entity: str = METER
) -> SubentryFlowResult:
    """Go to the form of a new sensor."""
    form = {CONF_ENTITY: entity, CONF_SENSOR: "new"}
    return await submit(hass, await start(hass, entry), form)


async def test_a_person_creates_the_sensor_too(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock
) -> None:
    """It takes the entity's own sign, so that numbers look alike on both sides."""
    result = await to_new_sensor(hass, entry)
    assert result["step_id"] == "create_sensor"
    assert options(result, "asset") == {str(BATTERY): "Garage battery", str(HOME): "home"}
    assert suggested(result) == NEW
    assert sentence(result) == ("1.2 kW", "1.2 kW consumption")

    form = {
        **NEW,
        "asset": str(BATTERY),
        CONF_NAME: " measured ",
        "unit": " W ",
        "resolution": "5",
        CONF_DIRECTION: "production",
    }
    result = await submit(hass, result, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    client.add_sensor.assert_awaited_once_with(
        asset_id=BATTERY,
        name="measured",
        unit="W",
        resolution=timedelta(minutes=5),
        timezone=hass.config.time_zone,
        attributes={"consumption_is_positive": False},
    )
    (feed,) = feeds(entry)
    assert feed.data == {**STORED, CONF_SENSOR: CREATED, CONF_DIRECTION: "production"}
    assert feed.title == "House load → Garage battery: measured"
    assert feed.unique_id == f"feed_{CREATED}"


@pytest.mark.parametrize(
    ("unit", "attributes", "sensor_unit", "resolution", "aggregation"),
    [
        ("MW", {}, "kW", "15", "mean"),
        ("MWh", {"state_class": "total"}, "kW", "15", "counter_to_power"),
        ("%", {"device_class": "battery"}, "%", "0", "last"),
        ("Wh", {"device_class": "energy_storage"}, "kWh", "0", "last"),
        ("%", {"device_class": "humidity"}, "%", "15", "mean"),
        ("°F", {"device_class": "temperature"}, "°C", "15", "mean"),
        ("€/kWh", {}, "EUR/kWh", "15", "mean"),
        ("m/s", {}, "m/s", "15", "mean"),
    ],
)
async def test_a_sensor_that_suits_the_entity_is_suggested(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: MagicMock,
    unit: str,
    attributes: dict[str, str],
    sensor_unit: str,
    resolution: str,
    aggregation: str,
) -> None:
    """Power in kW over a quarter of an hour, also from a counter; a level moment by moment; and it is accepted."""
    show(hass, METER, "40", unit, **attributes)
    result = await to_new_sensor(hass, entry)
    shown = suggested(result)
    assert (shown["unit"], shown["resolution"]) == (sensor_unit, resolution)
    assert shown[CONF_AGGREGATION] == aggregation

    result = await submit(hass, result, shown)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    attributes = client.add_sensor.await_args.kwargs["attributes"]
    assert attributes == ({"consumption_is_positive": True} if sensor_unit == "kW" else {})


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({CONF_NAME: " "}, {CONF_NAME: "empty"}),
        ({CONF_NAME: "grid"}, {CONF_NAME: "name_exists"}),
        ({"unit": ""}, {"unit": "empty"}),
        ({"unit": "°C"}, {"unit": "unit_mismatch"}),
        ({"unit": "kWh"}, {"unit": "unit_mismatch"}),
        ({"resolution": "0"}, {CONF_AGGREGATION: "aggregation_not_possible"}),
    ],
)
async def test_a_new_sensor_that_makes_no_sense_is_refused_and_can_be_mended(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: MagicMock,
    changes: dict[str, str],
    errors: dict[str, str],
) -> None:
    """Nothing is created until unit, interval and aggregation go together."""
    result = await submit(hass, await to_new_sensor(hass, entry), {**NEW, **changes})
    assert result["errors"] == errors
    assert suggested(result) == {**NEW, **changes}
    client.add_sensor.assert_not_awaited()

    result = await submit(hass, result, NEW)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_new_sensors_of_one_asset_get_different_names(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock
) -> None:
    """The server fails on a second sensor of the same name, so numbers are added."""
    show(hass, METER, "1", "kW", friendly_name="grid")
    result = await to_new_sensor(hass, entry)
    assert suggested(result)[CONF_NAME] == "grid 2"

    for entity_id in ("sensor.a", "sensor.b"):
        show(hass, entity_id, "1", "kW", device_class="power", friendly_name="Oven")
    result = await to_proposals(hass, entry)
    result = await submit(hass, result, {"feeds": ["sensor.a", "sensor.b"]})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    names = [call.kwargs["name"] for call in client.add_sensor.await_args_list]
    assert names == ["Oven", "Oven 2"]


async def test_a_counter_needs_its_own_aggregation_for_power(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """The mean of a counter is no power; the form cannot say what would be sent, and says why."""
    show(hass, METER, "40", "kWh", state_class="total", friendly_name="House load")
    result = await submit(hass, await to_new_sensor(hass, entry), NEW)
    assert result["errors"] == {CONF_AGGREGATION: "aggregation_not_possible"}
    assert sentence(result) == ("40 kWh", "?")

    result = await submit(hass, result, {**NEW, CONF_AGGREGATION: "counter_to_power"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_server_that_does_not_create_the_sensor_is_told_and_tried_again(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock
) -> None:
    create = client.add_sensor.side_effect
    client.add_sensor.side_effect = ConnectionFailedError("connection lost")
    result = await submit(hass, await to_new_sensor(hass, entry), NEW)
    assert result["errors"] == {"base": "cannot_connect"}
    assert suggested(result) == NEW

    client.add_sensor.side_effect = create
    result = await submit(hass, result, NEW)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_creating_is_proposed_so_that_no_sensor_is_chosen_by_oversight(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    result = await start(hass, entry)
    assert next(iter(options(result, CONF_SENSOR))) == "new"
    assert suggested(result) == {CONF_SENSOR: "new"}
    entry.runtime_data.inventory.data.sensors.clear()
    result = await start(hass, entry)
    assert options(result, CONF_SENSOR) == {"new": "new"}
    assert suggested(result) == {CONF_SENSOR: "new"}


async def test_a_feed_is_changed(hass: HomeAssistant, entry_with_feed: MockConfigEntry) -> None:
    """The forms show what is stored, and a title that a person gave stays."""
    (feed,) = feeds(entry_with_feed)
    hass.config_entries.async_update_subentry(entry_with_feed, feed, title="Our meter")
    result = await change(hass, entry_with_feed)
    assert result["step_id"] == "reconfigure"
    assert suggested(result) == FORM
    result = await submit(hass, result, FORM)
    assert result["step_id"] == "values"
    assert suggested(result) == VALUES

    values = {CONF_AGGREGATION: "maximum", CONF_DIRECTION: "production"}
    result = await submit(hass, result, values)
    assert result["reason"] == "reconfigure_successful"
    (feed,) = feeds(entry_with_feed)
    assert feed.data == {**STORED, **values}
    assert feed.title == "Our meter"
    result = await submit(hass, await change(hass, entry_with_feed), FORM)
    assert suggested(result) == values


async def test_a_feed_gets_another_sensor_or_another_entity(
    hass: HomeAssistant, entry_with_feed: MockConfigEntry
) -> None:
    """Title and unique id follow, and what was stored of another kind of sensor is not suggested."""
    form = {**FORM, CONF_SENSOR: str(INSTANTANEOUS_POWER)}
    result = await submit(hass, await change(hass, entry_with_feed), form)
    assert suggested(result) == {CONF_AGGREGATION: "last", CONF_DIRECTION: "consumption"}
    await submit(hass, result, suggested(result))
    (feed,) = feeds(entry_with_feed)
    assert feed.title == "House load → home: meter"
    assert feed.unique_id == f"feed_{INSTANTANEOUS_POWER}"

    show(hass, "sensor.solar", "3", "kW", friendly_name="Solar roof")
    form[CONF_ENTITY] = "sensor.solar"
    result = await submit(hass, await change(hass, entry_with_feed), form)
    assert suggested(result) == {CONF_AGGREGATION: "last", CONF_DIRECTION: "production"}
    await submit(hass, result, suggested(result))
    (feed,) = feeds(entry_with_feed)
    assert feed.data[CONF_ENTITY] == "sensor.solar"
    assert feed.title == "Solar roof → home: meter"


async def test_a_feed_gets_a_new_sensor(
    hass: HomeAssistant, entry_with_feed: MockConfigEntry
) -> None:
    result = await submit(hass, await change(hass, entry_with_feed), {**FORM, CONF_SENSOR: "new"})
    result = await submit(hass, result, NEW)
    assert result["reason"] == "reconfigure_successful"
    (feed,) = feeds(entry_with_feed)
    assert feed.data == {**STORED, CONF_SENSOR: CREATED}


async def test_what_no_longer_exists_is_not_suggested(
    hass: HomeAssistant, client: MagicMock
) -> None:
    """Instead of a removed sensor a new one is proposed; the field of a removed entity is empty."""
    gone = stored_feed(**{CONF_SENSOR: 404, CONF_ENTITY: "0123456789abcdef0123456789abcdef"})
    entry = add_entry(hass, subentries=(gone,))
    mark_loaded(hass, entry, client)
    assert suggested(await change(hass, entry)) == {CONF_SENSOR: "new"}


@pytest.mark.parametrize("dialog", [start, change])
async def test_feeds_need_a_connection(hass: HomeAssistant, dialog: Any) -> None:
    """Without one the site's sensors are unknown, and the dialog says why."""
    entry = add_entry(hass, subentries=(stored_feed(),))
    result = await dialog(hass, entry)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "entry_not_loaded"


@pytest.mark.parametrize("step", ["proposals", "values", "create_sensor"])
async def test_a_connection_that_ends_on_the_way_ends_the_dialog(
    hass: HomeAssistant, entry: MockConfigEntry, step: str
) -> None:
    form: dict[str, Any]
    if step == "proposals":
        show(hass, "sensor.battery", "1", "kW", device_class="power")
        result, form = await to_proposals(hass, entry), {"feeds": ["sensor.battery"]}
    elif step == "values":
        result, form = await submit(hass, await start(hass, entry), FORM), VALUES
    else:
        result, form = await to_new_sensor(hass, entry), NEW
    assert result["step_id"] == step
    entry.mock_state(hass, ConfigEntryState.SETUP_RETRY)
    result = await submit(hass, result, form)
    assert result["reason"] == "entry_not_loaded"


def use_dashboard(hass: HomeAssistant, hass_storage: dict[str, Any], **preferences: Any) -> None:
    """Have an Energy dashboard with these preferences."""
    hass.config.components.add("energy")
    empty: dict[str, Any] = {
        "energy_sources": [],
        "device_consumption": [],
        "device_consumption_water": [],
    }
    hass_storage["energy"] = {
        "version": 1,
        "minor_version": 3,
        "key": "energy",
        "data": {**empty, **preferences},
    }


GRID: dict[str, Any] = {
    "type": "grid",
    "stat_energy_from": "sensor.import",
    "stat_energy_to": "sensor.export",
    "entity_energy_price": "sensor.tariff",
    "number_energy_price": None,
    "cost_adjustment_day": 0,
}
COUNTER = {"state_class": "total_increasing", "device_class": "energy"}


async def test_the_energy_dashboard_s_entities_are_proposed_and_ticked(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: MagicMock,
    hass_storage: dict[str, Any],
) -> None:
    """Directions come from there; sensors are matched by unit and name, or created; all are added in one go."""
    battery = {
        "type": "battery",
        "stat_energy_from": "sensor.discharged",
        "stat_energy_to": "sensor.charged",
        "stat_rate": "sensor.battery_power",
        "stat_soc": "sensor.battery_level",
    }
    solar = {"type": "solar", "stat_energy_from": "sensor.yield"}
    devices = [
        {"stat_consumption": "sensor.washer_energy", "stat_rate": "sensor.washer_power"},
        {"stat_consumption": "sensor.heat_pump_energy"},
        {"stat_consumption": "meter:of_somebody"},
    ]
    water = {"type": "water", "stat_energy_from": "sensor.water"}
    sources = [GRID, battery, solar, water]
    use_dashboard(hass, hass_storage, energy_sources=sources, device_consumption=devices)
    show(hass, "sensor.import", "5000", "kWh", **COUNTER, friendly_name="Tariff 1")
    show(hass, "sensor.export", "900", "kWh", **COUNTER, friendly_name="Tariff 2")
    show(hass, "sensor.tariff", "0.25", "EUR/kWh", friendly_name="Contract")
    show(hass, "sensor.battery_power", "-400", "W", friendly_name="Battery power")
    show(hass, "sensor.battery_level", "55", "%", friendly_name="Battery level")
    show(hass, "sensor.yield", "77", "kWh", **COUNTER, friendly_name="Yield")
    show(hass, "sensor.washer_power", "80", "W", friendly_name="Washer")
    show(hass, "sensor.heat_pump_energy", "12", "kWh", **COUNTER, friendly_name="Heat pump")
    show(hass, "sensor.washer_energy", "3", "kWh", **COUNTER)
    show(hass, "sensor.charged", "3", "kWh", **COUNTER)

    result = await start(hass, entry)
    assert result["type"] is FlowResultType.MENU
    assert result["menu_options"] == ["proposals", "feed"]
    result = await submit(hass, result, {"next_step_id": "proposals"})
    assert options(result, "feeds") == {
        "sensor.import": "Tariff 1 (5000 kWh) → home: grid (MW consumption)",
        "sensor.export": "Tariff 2 (900 kWh) → home: Tariff 2 (kW production) *",
        "sensor.tariff": "Contract (0.25 EUR/kWh) → home: contract (0.25 EUR/kWh)",
        "sensor.battery_power": "Battery power (-400 W) → "
        "Garage battery: power (0.4 kW consumption)",
        "sensor.battery_level": "Battery level (55 %) → Garage battery: Battery level (55 %) *",
        "sensor.yield": "Yield (77 kWh) → home: Yield (kW production) *",
        "sensor.washer_power": "Washer (80 W) → home: Washer (0.08 kW consumption) *",
        "sensor.heat_pump_energy": "Heat pump (12 kWh) → home: Heat pump (kW consumption) *",
    }
    assert ticked(result) == list(options(result, "feeds"))

    chosen = ["sensor.import", "sensor.battery_power", "sensor.battery_level", "sensor.yield"]
    result = await submit(hass, result, {"feeds": chosen})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert [(feed.title, feed.unique_id, dict(feed.data)) for feed in feeds(entry)] == [
        (
            "Battery power → Garage battery: power",
            f"feed_{BATTERY_POWER}",
            {
                CONF_ENTITY: "sensor.battery_power",
                CONF_SENSOR: BATTERY_POWER,
                CONF_AGGREGATION: "mean",
                CONF_DIRECTION: "production",
            },
        ),
        (
            "Tariff 1 → home: grid",
            f"feed_{SITE_POWER}",
            {
                CONF_ENTITY: "sensor.import",
                CONF_SENSOR: SITE_POWER,
                CONF_AGGREGATION: "counter_to_power",
                CONF_DIRECTION: "consumption",
            },
        ),
        (
            "Battery level → Garage battery: Battery level",
            f"feed_{CREATED}",
            {
                CONF_ENTITY: "sensor.battery_level",
                CONF_SENSOR: CREATED,
                CONF_AGGREGATION: "mean",
            },
        ),
        (
            "Yield → home: Yield",
            f"feed_{CREATED + 1}",
            {
                CONF_ENTITY: "sensor.yield",
                CONF_SENSOR: CREATED + 1,
                CONF_AGGREGATION: "counter_to_power",
                CONF_DIRECTION: "production",
            },
        ),
    ]


@pytest.mark.parametrize(
    ("power", "known"),
    [
        ({"stat_rate": "sensor.net"}, {"sensor.net": "consumption"}),
        (
            {"power_config": {"stat_rate": "sensor.net"}, "stat_rate": "sensor.net"},
            {"sensor.net": "consumption"},
        ),
        (
            {"power_config": {"stat_rate_inverted": "sensor.net"}, "stat_rate": "sensor.made"},
            {"sensor.net": "production"},
        ),
        (
            {
                "power_config": {
                    "stat_rate_from": "sensor.taken",
                    "stat_rate_to": "sensor.returned",
                },
                "stat_rate": "sensor.made",
            },
            {"sensor.made": "consumption"},
        ),
    ],
)
async def test_the_energy_dashboard_s_ways_to_tell_power_are_understood(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    power: dict[str, Any],
    known: dict[str, str],
) -> None:
    """Power instead of counters; of an inverted one the entity itself; of two the one that Home Assistant makes."""
    use_dashboard(hass, hass_storage, energy_sources=[{**GRID, **power}])
    for name in ("net", "made", "taken", "returned"):
        show(hass, f"sensor.{name}", "100", "W", device_class="power", friendly_name=name)
    for name in ("import", "export"):
        show(hass, f"sensor.{name}", "100", "kWh", **COUNTER)

    result = await to_proposals(hass, entry)
    assert ticked(result) == list(known)
    await submit(hass, result, {"feeds": list(known)})
    (feed,) = feeds(entry)
    assert feed.data[CONF_DIRECTION] == known[feed.data[CONF_ENTITY]]
    assert feed.data[CONF_SENSOR] == SITE_POWER


@pytest.mark.parametrize(
    ("entity", "direction"), [("sensor.taken", "consumption"), ("sensor.returned", "production")]
)
async def test_a_direction_that_the_energy_dashboard_knows_is_filled_in(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    entity: str,
    direction: str,
) -> None:
    """Also where a person chooses the entity."""
    two = {"stat_rate_from": "sensor.taken", "stat_rate_to": "sensor.returned"}
    use_dashboard(hass, hass_storage, energy_sources=[{**GRID, "power_config": two}])
    show(hass, entity, "100", "W")
    result = await submit(hass, await start(hass, entry), {**FORM, CONF_ENTITY: entity})
    assert suggested(result)[CONF_DIRECTION] == direction


async def test_an_empty_energy_dashboard_proposes_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    hass.config.components.add("energy")
    assert (await start(hass, entry))["step_id"] == "feed"


async def test_without_the_energy_dashboard_names_and_classes_lead_to_proposals(
    hass: HomeAssistant, entry_with_feed: MockConfigEntry
) -> None:
    """Power always, others only when their name leads to a sensor; not what is fed, hidden, or our own."""
    inventory = entry_with_feed.runtime_data.inventory.data
    inventory.sensors[80] = sensor(80, "outside", "°C", HOME)
    registry = er.async_get(hass)
    for platform, name in ((DOMAIN, "own"), ("inverter", "hidden")):
        registry.async_get_or_create(
            "sensor",
            platform,
            name,
            suggested_object_id=name,
            hidden_by=er.RegistryEntryHider.USER if name == "hidden" else None,
        )
        show(hass, f"sensor.{name}", "1", "kW", device_class="power")
    show(hass, METER, "1.2", "kW", device_class="power")
    show(hass, "sensor.garage", "2", "kW", device_class="power", friendly_name="Garage")
    show(hass, "sensor.roof", "3", "kW", device_class="power", friendly_name="Solar roof")
    show(hass, "sensor.broken", "3", None, device_class="power", friendly_name="Broken")
    show(hass, "sensor.outside", "50", "°F", device_class="temperature", friendly_name="Outside")
    show(hass, "sensor.phone", "80", "%", device_class="battery", friendly_name="Phone")
    show(hass, "sensor.kitchen", "20", "°C", device_class="temperature", friendly_name="Kitchen")

    result = await to_proposals(hass, entry_with_feed)
    assert options(result, "feeds") == {
        "sensor.garage": "Garage (2 kW) → Garage battery: power (2 kW consumption)",
        "sensor.roof": "Solar roof (3 kW) → home: Solar roof (3 kW production) *",
        "sensor.outside": "Outside (50 °F) → home: outside (10 °C)",
    }
    assert ticked(result) == []

    result = await submit(hass, result, {"feeds": []})
    assert result["errors"] == {"feeds": "nothing_chosen"}
    result = await submit(hass, result, {"feeds": ["sensor.outside"]})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_choosing_by_hand_remains_possible_beside_proposals(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    show(hass, "sensor.garage", "2", "kW", device_class="power")
    result = await submit(hass, await start(hass, entry), {"next_step_id": "feed"})
    assert result["step_id"] == "feed"


async def test_a_proposal_that_was_overtaken_is_made_anew(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Its sensor got another feed meanwhile: the next best is proposed."""
    show(hass, "sensor.garage", "2", "kW", device_class="power", friendly_name="Garage")
    result = await to_proposals(hass, entry)
    form = {**FORM, CONF_SENSOR: str(BATTERY_POWER)}
    other = await submit(hass, await start(hass, entry), {"next_step_id": "feed"})
    await submit(hass, await submit(hass, other, form), VALUES)

    result = await submit(hass, result, {"feeds": ["sensor.garage"]})
    assert result["errors"] == {"feeds": "proposal_outdated"}
    assert result["description_placeholders"] == {"name": "power"}
    assert options(result, "feeds") == {
        "sensor.garage": "Garage (2 kW) → Garage battery: Garage (2 kW consumption) *"
    }
    result = await submit(hass, result, {"feeds": ticked(result)})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(feeds(entry)) == 2


async def test_after_a_failure_only_what_is_missing_is_created(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock
) -> None:
    """Two new sensors of which the second failed: the first is not created twice."""
    entry.runtime_data.inventory.data.sensors.clear()
    show(hass, "sensor.a", "1", "kW", device_class="power", friendly_name="Oven")
    show(hass, "sensor.b", "2", "kW", device_class="power", friendly_name="Washer")
    result = await to_proposals(hass, entry)
    first = sensor(CREATED, "Oven", "kW", HOME)
    client.add_sensor.side_effect = [first, ConnectionFailedError("connection lost")]
    result = await submit(hass, result, {"feeds": ["sensor.a", "sensor.b"]})
    assert result["errors"] == {"base": "cannot_connect"}
    assert ticked(result) == ["sensor.a", "sensor.b"]
    assert feeds(entry) == []

    client.add_sensor.side_effect = [replace(first, id=CREATED + 1, name="Washer")]
    result = await submit(hass, result, {"feeds": ticked(result)})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    names = [call.kwargs["name"] for call in client.add_sensor.await_args_list]
    assert names == ["Oven", "Washer", "Washer"]
    assert [feed.unique_id for feed in feeds(entry)] == ["feed_90", "feed_91"]


@pytest.fixture
def recorder() -> Iterator[None]:
    """Have a recorder that keeps states for ten days."""
    with patch("custom_components.flexmeasures.feed_flow.kept_days", return_value=10):
        yield


@pytest.mark.usefixtures("recorder")
@pytest.mark.parametrize(("days", "stored"), [(10, {"history_days": 10}), (0, {})])
async def test_history_is_offered_as_far_as_the_recorder_knows_it(
    hass: HomeAssistant, entry: MockConfigEntry, days: int, stored: dict[str, Any]
) -> None:
    result = await submit(hass, await start(hass, entry), FORM)
    assert defaults(result)["history_days"] == 10

    await submit(hass, result, {**VALUES, "history_days": days})

    (feed,) = feeds(entry)
    assert feed.data == {**STORED, **stored}


@pytest.mark.usefixtures("recorder")
async def test_history_is_offered_once_for_all_proposals(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    show(hass, "sensor.grid", "80", "W", device_class="power", friendly_name="Grid")
    result = await to_proposals(hass, entry)
    assert defaults(result)["history_days"] == 10
    result = await submit(hass, result, {"feeds": [], "history_days": 3})
    assert result["errors"] == {"feeds": "nothing_chosen"}
    assert defaults(result)["history_days"] == 3

    await submit(hass, result, {"feeds": ["sensor.grid"], "history_days": 3})

    assert [feed.data["history_days"] for feed in feeds(entry)] == [3]


@pytest.mark.usefixtures("recorder")
async def test_what_may_be_left_empty_is_kept_and_can_be_emptied(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    show(hass, METER, "100", "kWh", friendly_name="House load", **COUNTER)
    counted = {CONF_AGGREGATION: "counter_to_power", CONF_DIRECTION: "consumption"}
    limits = {"maximum_power": 17.25, "longest_hold": 10}
    result = await submit(hass, await start(hass, entry), FORM)
    await submit(hass, result, {**counted, **limits, "history_days": 2})
    (feed,) = feeds(entry)
    assert feed.data == {**STORED, **counted, **limits, "history_days": 2}

    result = await submit(hass, await change(hass, entry), FORM)
    assert suggested(result) == {**counted, **limits}
    assert "history_days" not in defaults(result)
    await submit(hass, result, counted)

    (feed,) = feeds(entry)
    assert feed.data == {**STORED, **counted, "history_days": 2}


async def test_only_a_counter_has_a_largest_power(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    result = await submit(hass, await start(hass, entry), FORM)

    assert "maximum_power" not in defaults(result)
    assert "longest_hold" in defaults(result)
    with pytest.raises(InvalidData):
        await submit(hass, result, {**VALUES, "longest_hold": 0})


async def test_a_largest_power_is_not_kept_for_what_is_no_counter(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    show(hass, METER, "100", "kWh", friendly_name="House load", **COUNTER)
    form = {CONF_ENTITY: METER, CONF_SENSOR: str(STATE_OF_CHARGE)}
    result = await submit(hass, await start(hass, entry), form)

    await submit(
        hass, result, {CONF_AGGREGATION: "last", CONF_DIRECTION: "consumption", "maximum_power": 5}
    )

    (feed,) = feeds(entry)
    assert "maximum_power" not in feed.data
