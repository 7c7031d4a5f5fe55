"""Two devices of different kinds, planned in one trigger by a real server."""

from datetime import timedelta
import math
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import Asset, FlexMeasuresClient
from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.plan_models import DevicePlan, PlanStatus
from custom_components.flexmeasures.wishes import Wishes
from demo.flexmeasures_server import ServerUser

from ..planning import battery, car, id_of, percent, planner_of
from .client.conftest import client, session, site
from .conftest import LiveServer
from .test_integration import connection

__all__ = ["client", "session", "site"]

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
LEVEL, CAR_LEVEL, PLUG = "sensor.home_battery_level", "sensor.car_level", "binary_sensor.plug"


async def add_device(client: FlexMeasuresClient, site: Asset, name: str, kind: str) -> int:
    """Add a device and return its power sensor."""
    types = {each.name: each.id for each in await client.get_asset_types()}
    assert site.account_id is not None
    asset = await client.add_asset(
        name=name, type_id=types[kind], account_id=site.account_id, parent_id=site.id
    )
    sensor = await client.add_sensor(asset_id=asset.id, name="power", unit="kW", resolution=QUARTER)
    return sensor.id


async def add_prices(client: FlexMeasuresClient, site: Asset, prices: list[float]) -> None:
    """Give the site hourly prices from the hour that has begun on, and let it plan with them."""
    sensor = await client.add_sensor(
        asset_id=site.id, name="price", unit="EUR/kWh", resolution=HOUR
    )
    posted = await client.post_sensor_data(
        sensor.id,
        start=dt_util.utcnow().replace(minute=0, second=0, microsecond=0),
        duration=len(prices) * HOUR,
        values=prices,
        unit="EUR/kWh",
    )
    assert posted.job_id
    await client.wait_for_job(posted.job_id)
    price = {"sensor": sensor.id}
    await client.update_asset(
        site.id,
        flex_context={
            "consumption-price": price,
            "production-price": price,
            "site-power-capacity": "20 kW",
        },
    )


def energy(plan: DevicePlan, first: int, last: int) -> float:
    """Return the kWh that are planned from one hour of the plan to another."""
    hour = plan.schedule.start.replace(minute=0)
    steps = (
        step.power / 4000
        for step in plan.schedule.steps()
        if step.power is not None and first <= (step.start - hour) // HOUR < last
    )
    return math.fsum(steps)


async def test_a_battery_and_a_car_share_one_trigger_and_each_gets_its_optimum(
    hass: HomeAssistant,
    client: FlexMeasuresClient,
    site: Asset,
    flexmeasures_server: LiveServer,
    fresh_user: ServerUser,
) -> None:
    await hass.config.async_set_time_zone("UTC")
    hour = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    # The third hour is cheap and the fifth is dear.
    prices = [0.2] * 30
    prices[2], prices[4] = 0.01, 0.5
    await add_prices(client, site, prices)
    battery_power = await add_device(client, site, "Battery", "battery")
    car_power = await add_device(client, site, "Car", "one-way_evse")
    percent(hass, LEVEL, 50)
    percent(hass, CAR_LEVEL, 40)
    hass.states.async_set(PLUG, "on")
    house = battery(power_sensor=battery_power, roundtrip_efficiency=100.0)
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Home",
        data={**connection(flexmeasures_server, fresh_user), "site_id": site.id},
        subentries_data=[house, car(power_sensor=car_power, plugged_in_entity=PLUG)],
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    planner: Any = planner_of(entry)
    wish = Wishes(target=60.0, ready_by=(hour + 6 * HOUR).time())
    entry.runtime_data.wishes.async_wish(id_of(entry, "Car"), wish)

    await planner.async_reschedule()

    plans = [planner.plan(id_of(entry, title)) for title in ("Battery", "Car")]
    assert all(plans)
    assert len({plan.schedule.schedule_id for plan in plans}) == 1
    statuses = {planner.status(id_of(entry, title)).status for title in ("Battery", "Car")}
    assert statuses == {PlanStatus.PLANNED}
    of_battery, of_car = plans
    # Before the cheap hour 1 of 5 kWh is sold, so that all of its 5 kW can be bought; the dear hour takes 4 kW.
    assert energy(of_battery, 0, 2) == pytest.approx(-1.0, abs=0.01)
    assert energy(of_battery, 2, 3) == pytest.approx(5.0, abs=0.01)
    assert energy(of_battery, 4, 5) == pytest.approx(-4.0, abs=0.01)
    # From 40 % to 60 % of 50 kWh, all within the cheap hour at 10 kW.
    assert energy(of_car, 2, 3) == pytest.approx(10.0, abs=0.01)
    assert energy(of_car, 0, 25) == pytest.approx(10.0, abs=0.01)
    assert of_car.missed == ()
    assert of_car.expected_state_of_charge(hour + 6 * HOUR) == pytest.approx(60.0, abs=0.1)
    explanation = of_car.explanation
    assert explanation
    # 10 kWh at 0.01 EUR/kWh, and not at 0.20 at once.
    assert explanation.cost == pytest.approx(0.1, abs=0.001)
    assert explanation.saving == pytest.approx(1.9, abs=0.001)
    await hass.config_entries.async_unload(entry.entry_id)
