"""A feed that is changed, and what ends its dialog."""

from typing import Any
from unittest.mock import MagicMock

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.const import (
    CONF_AGGREGATION,
    CONF_DIRECTION,
    CONF_ENTITY,
    CONF_SENSOR,
)

from ..flow_samples import (
    INSTANTANEOUS_POWER,
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
    show,
    start,
    stored_feed,
    submit,
    suggested,
)


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
