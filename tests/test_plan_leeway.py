"""What is read of the site's connection, and what devices may make of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
import math
from types import MappingProxyType
from typing import Any
from unittest.mock import AsyncMock, create_autospec

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    FlexMeasuresClient,
    JsonObject,
)
from custom_components.flexmeasures.coordinator import SiteInventory
from custom_components.flexmeasures.plan_leeway import async_read_connection
from custom_components.flexmeasures.plan_request import PlanWindow
from custom_components.flexmeasures.scheduling import (
    FlexContext,
    SensorReference,
    SiteConnection,
)

from . import site
from .planning import (
    CAR_LEVEL,
    LEVEL,
    PLUG,
    battery,
    car,
    home,
    id_of,
    just_past_noon,
    percent,
    plan_home,
    planner_of,
)

__all__ = ["home", "just_past_noon"]

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WINDOW = PlanWindow(
    now=START, start=START, end=START + timedelta(hours=2), resolution=timedelta(hours=1)
)
POWER = replace(site.make_sensor(50, "grid", "kW", 1), attributes={"consumption_is_positive": True})
OTHER_POWER = site.make_sensor(51, "roof", "kW", 1)


@pytest.fixture
def server() -> AsyncMock:
    """Return a client whose values are the hour of the day in UTC: 12 and 13 W."""
    client: AsyncMock = create_autospec(FlexMeasuresClient, instance=True)
    site.answer(client)
    return client


async def read(
    client: AsyncMock, stored: JsonObject, context: FlexContext | None = None
) -> SiteConnection | None:
    """Return the connection of a site that stores this flex-context."""
    inventory = SiteInventory(
        site=replace(site.ASSETS[0], flex_context=stored),
        assets=MappingProxyType({}),
        sensors=MappingProxyType({50: POWER, 51: OTHER_POWER}),
    )
    return await async_read_connection(client, inventory, context or FlexContext(), WINDOW)


@pytest.mark.parametrize(
    ("stored", "context", "limits"),
    [
        ({}, FlexContext(), (None, None)),
        ({"site-power-capacity": "17.25 kW"}, FlexContext(), (17_250, 17_250)),
        ({"site-consumption-capacity": "10 kW"}, FlexContext(), (10_000, None)),
        ({"site-production-capacity": "5000 W"}, FlexContext(), (None, 5_000)),
        (
            {"site-power-capacity": "0.02 MW", "site-consumption-capacity": "10 kW"},
            FlexContext(site_production_capacity=5_000),
            (10_000, 5_000),
        ),
        # What is chosen here comes before what the server stores.
        ({"site-power-capacity": "17 kW"}, FlexContext(site_power_capacity=8_000), (8_000, 8_000)),
        ({}, FlexContext(site_peak_consumption=3_000), (3_000, None)),
    ],
)
async def test_limits_are_those_of_the_options_or_else_of_the_server(
    server: AsyncMock,
    stored: JsonObject,
    context: FlexContext,
    limits: tuple[float | None, float | None],
) -> None:
    connection = await read(server, stored, context)

    assert connection is not None
    assert (connection.consumption, connection.production) == pytest.approx(limits)
    assert connection.others == ()


async def test_what_is_not_planned_is_read_in_its_sign_where_the_site_has_limits(
    server: AsyncMock,
) -> None:
    """Consumption and production by the name of the field, older ones by the sensor's own sign."""
    stored: JsonObject = {
        "inflexible-consumption": [{"sensor": 40}],
        "inflexible-production": [41],
        "inflexible-device-sensors": [50, 51],
    }
    assert await read(server, stored) == SiteConnection()
    server.get_sensor_data.assert_not_awaited()

    limited = await read(server, stored, FlexContext(site_power_capacity=9_000))
    assert limited is not None
    powers = [other.powers for other in limited.others]
    assert powers == [(12, 13), (-12, -13), (12, 13), (-12, -13)]
    assert server.get_sensor_data.await_args.kwargs == {
        "start": START,
        "duration": timedelta(hours=2),
        "unit": "W",
        "resolution": timedelta(hours=1),
    }

    chosen = FlexContext(site_power_capacity=9_000, inflexible_consumption=(42,))
    limited = await read(server, {"inflexible-consumption": [40]}, chosen)
    assert limited is not None
    assert [each.args[0] for each in server.get_sensor_data.await_args_list[4:]] == [42]


@pytest.mark.parametrize(
    ("stored", "context"),
    [
        ({"site-power-capacity": {"sensor": 5}}, FlexContext()),
        ({"site-power-capacity": 5}, FlexContext()),
        ({"site-power-capacity": "many"}, FlexContext()),
        ({"site-power-capacity": "5 kWh"}, FlexContext()),
        ({}, FlexContext(site_power_capacity=SensorReference(5))),
        ({"commodities": []}, FlexContext()),
        ({"inflexible-device-sensors": [99]}, FlexContext(site_power_capacity=9_000)),
        ({"inflexible-consumption": [True]}, FlexContext(site_power_capacity=9_000)),
        ({"inflexible-consumption": ["40"]}, FlexContext(site_power_capacity=9_000)),
    ],
)
async def test_what_only_the_server_reads_is_not_known(
    server: AsyncMock, stored: JsonObject, context: FlexContext
) -> None:
    assert await read(server, stored, context) is None


async def test_a_forecast_that_cannot_be_read_is_not_known_and_hinders_no_plan(
    server: AsyncMock,
) -> None:
    server.get_sensor_data.side_effect = ConnectionFailedError("refused")
    context = FlexContext(site_power_capacity=9_000, inflexible_consumption=(40,))

    assert await read(server, {}, context) is None


@pytest.mark.parametrize(
    ("options", "leeway"),
    [
        ({}, math.inf),
        # 1 kW each of battery and car leave 3 of 5 kW, half for each.
        ({"site_consumption_capacity": 5}, 1_500),
        ({"site_consumption_capacity": 5, "inflexible_consumption": [12345]}, 1_494),
    ],
)
async def test_a_plan_tells_control_how_far_it_may_deviate(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    options: dict[str, Any],
    leeway: float,
) -> None:
    """With what is not planned, 12 W at noon, 6 W less are left for each."""
    percent(hass, LEVEL, 35)
    percent(hass, CAR_LEVEL, 50)
    hass.states.async_set(PLUG, "on")
    client.trigger_and_get_schedule.side_effect = site.plan(1000.0)

    entry = await plan_home(hass, client, freezer, battery(), car(), **options)

    for title in ("Battery", "Car"):
        plan = planner_of(entry).plan(id_of(entry, title))
        assert plan is not None
        assert plan.for_control.leeway[0] == pytest.approx(leeway)
        assert len(plan.for_control.leeway) == len(plan.schedule.powers)


async def test_without_an_answer_for_every_device_no_device_deviates(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, LEVEL, 35)
    percent(hass, CAR_LEVEL, 50)
    hass.states.async_set(PLUG, "on")
    plan = site.plan(1000.0)

    async def empty_for_the_car(*args: Any, **kwargs: Any) -> Any:
        result = await plan(*args, **kwargs)
        first, second = result.schedules
        return replace(
            result, schedules=(first, replace(second, values=(None,) * len(second.values)))
        )

    client.trigger_and_get_schedule.side_effect = empty_for_the_car
    entry = await plan_home(hass, client, freezer, battery(), car())

    plan_of_battery = planner_of(entry).plan(id_of(entry, "Battery"))
    assert plan_of_battery is not None
    assert plan_of_battery.for_control.leeway == ()
