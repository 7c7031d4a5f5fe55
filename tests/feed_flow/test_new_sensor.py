"""A feed whose sensor does not exist yet: what is proposed for it, and what is created."""

from datetime import timedelta
from unittest.mock import MagicMock

from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import ConnectionFailedError
from custom_components.flexmeasures.const import (
    CONF_AGGREGATION,
    CONF_DIRECTION,
    CONF_SENSOR,
)

from ..flow_samples import (
    BATTERY,
    HOME,
)
from .dialogs import (
    CREATED,
    FORM,
    METER,
    NEW,
    STORED,
    change,
    feeds,
    options,
    sentence,
    show,
    start,
    submit,
    suggested,
    to_new_sensor,
    to_proposals,
)


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


async def test_a_feed_gets_a_new_sensor(
    hass: HomeAssistant, entry_with_feed: MockConfigEntry
) -> None:
    result = await submit(hass, await change(hass, entry_with_feed), {**FORM, CONF_SENSOR: "new"})
    result = await submit(hass, result, NEW)
    assert result["reason"] == "reconfigure_successful"
    (feed,) = feeds(entry_with_feed)
    assert feed.data == {**STORED, CONF_SENSOR: CREATED}
