"""Adding and changing feeds: what is proposed, asked and refused, and what is stored."""

from typing import Any
from unittest.mock import MagicMock

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.const import (
    CONF_AGGREGATION,
    CONF_DIRECTION,
    CONF_ENTITY,
    CONF_POWER_SENSOR,
    CONF_SENSOR,
    DOMAIN,
    SUBENTRY_FLEXIBLE_DEVICE,
)

from ..flow_samples import (
    BATTERY_POWER,
    CONSUMPTION_PRICE,
    INSTANTANEOUS_POWER,
    SITE_POWER,
    STATE_OF_CHARGE,
    add_entry,
    mark_loaded,
)
from .dialogs import (
    COUNTER,
    FORM,
    METER,
    STORED,
    VALUES,
    change,
    defaults,
    feeds,
    options,
    planned_device,
    sentence,
    show,
    start,
    stored_feed,
    submit,
    suggested,
)


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
