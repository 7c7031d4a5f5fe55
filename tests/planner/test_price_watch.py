"""New prices are planned with at once, from wherever they come."""

from dataclasses import replace
from datetime import datetime
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import JsonObject
from custom_components.flexmeasures.plan_models import PlanCause

from .. import site
from ..planning import (
    HOUR,
    LEVEL,
    NOON,
    asked,
    battery,
    id_of,
    pass_time,
    percent,
    plan_home,
    planner_of,
    prices_until,
    triggers,
)

TWELVE_MORE = [0.3] * 12


@pytest.fixture
async def home(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> MockConfigEntry:
    """Return a home with a battery whose prices are known until midnight."""
    percent(hass, LEVEL, 35)
    client.trigger_and_get_schedule.side_effect = site.plan(0.0)
    client.get_sensor_data.side_effect = prices_until([NOON + 12 * HOUR])
    home = await plan_home(hass, client, freezer, battery())
    await read_all(hass, freezer, home)
    return home


async def read_all(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """Let every sensor be asked for once, one after the other."""
    for _ in home.runtime_data.inventory.data.sensors:
        await pass_time(hass, freezer, seconds=1)


def send(
    home: MockConfigEntry,
    client: AsyncMock,
    values: list[float],
    *,
    start: datetime,
    sensor: int = site.PRICES,
) -> None:
    """Send hourly prices to the server, as an automation does."""
    client.get_sensor_data.side_effect = prices_until([start + len(values) * HOUR])
    data = home.runtime_data
    data.values.async_sent(data.inventory.data.sensors[sensor], start, HOUR, values)


async def test_prices_that_were_just_sent_are_planned_with_within_seconds(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    assert (triggers(client), asked(client)["duration"]) == (1, 12 * HOUR)

    send(home, client, TWELVE_MORE, start=NOON + 12 * HOUR)
    await pass_time(hass, freezer, seconds=3)

    assert (triggers(client), asked(client)["duration"]) == (2, 24 * HOUR)
    plan = planner_of(home).plan(id_of(home, "Battery"))
    assert plan
    assert plan.cause is PlanCause.PRICES


async def test_prices_that_are_known_already_are_no_reason_to_plan(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    window = home.runtime_data.values.window(site.PRICES)
    reads = client.get_sensor_data.call_count
    row = next(row for row in window.rows_from(NOON + HOUR))

    send(home, client, [row.value], start=row.start)
    await pass_time(hass, freezer, seconds=5)

    assert triggers(client) == 1
    assert client.get_sensor_data.call_count == reads


async def test_an_entity_that_shows_the_prices_hears_of_them_too(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    heard: list[str] = []
    values = home.runtime_data.values
    stop = values.async_follow(site.PRICES, lambda: heard.append("entity"))
    send(home, client, [0.5], start=NOON)
    assert heard == ["entity"]

    stop()
    send(home, client, TWELVE_MORE, start=NOON + 12 * HOUR)
    await pass_time(hass, freezer, seconds=3)

    # Who leaves takes nothing away from those who stay.
    assert heard == ["entity"]
    assert triggers(client) == 2


@pytest.mark.parametrize(
    ("context", "sent", "plans"),
    [
        ({"consumption-price": {"sensor": site.SOMEBODY_S_PRICES}}, site.SOMEBODY_S_PRICES, 2),
        ({"consumption-price": {"sensor": site.SOMEBODY_S_PRICES}}, site.PRICES, 1),
        ({"consumption-price": "0.3 EUR/kWh"}, site.PRICES, 1),
    ],
)
async def test_the_sensor_that_the_site_takes_its_prices_from_now_is_followed(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    home: MockConfigEntry,
    context: JsonObject,
    sent: int,
    plans: int,
) -> None:
    inventory = home.runtime_data.inventory
    other = next(each for each in site.SENSORS if each.id == site.SOMEBODY_S_PRICES)
    changed = replace(
        inventory.data,
        site=replace(inventory.data.site, flex_context=context),
        sensors={**inventory.data.sensors, other.id: other},
    )
    inventory.async_set_updated_data(changed)
    await read_all(hass, freezer, home)

    send(home, client, TWELVE_MORE, start=NOON + 12 * HOUR, sensor=sent)
    await pass_time(hass, freezer, seconds=3)

    assert triggers(client) == plans


async def test_nobody_asks_for_prices_after_the_site_was_unloaded(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    await hass.config_entries.async_unload(home.entry_id)
    client.get_sensor_data.reset_mock()

    await pass_time(hass, freezer, hours=2)

    client.get_sensor_data.assert_not_called()
