"""A day of plans for battery, car and solar panels together, carried out by a simulated home, beside the optimum.

The same day (`bench.simulated_day`) is lived in several ways, with the same prices, house load and sun, every quarter of
an hour settled alike at the meter:

- doing nothing: the battery stands idle, the car charges with the lowest current once it is there;
- charging at once: the car takes all power at once, the battery what the sun leaves over;
- ours: a real FlexMeasures server plans with our flex-models, anew every hour, when the car is plugged in and when the
  stored energy has left the plan. Each plan knows what is stored at that moment. Our control room expresses its powers in
  watts, whole amperes that make up for one another, and whole per cent of the inverter's limit, rounded down; the home's
  physics make of it what they can: losses, ramps. That the car comes back is not known before;
- ours with forecasts that do not know clouds and kettles, everything else alike;
- the optimum: a mixed-integer linear program that knows the whole day, the car's return too, and may charge the car with
  any power.

All start alike, and none may end with less in the battery than at the start or with less in the car than its target:
what is missing is bought at the day's highest price, what is left is worth nothing. Saved is what a day costs less than
another one; ours has to save at least 98 % of what the optimum saves, beside either of the first two. That holds for the
day on which both know the same; what wrong forecasts cost is shown.
"""

import asyncio
from dataclasses import asdict
from datetime import timedelta
import json
from pathlib import Path
import secrets
from statistics import median
import subprocess
from tempfile import TemporaryDirectory

from aiohttp import ClientSession

from custom_components.flexmeasures.client import Credentials, FlexMeasuresClient
from demo.custom_components.simulated_home.physics import BATTERY, CAR
from demo.flexmeasures_server import FlexMeasuresServer, ServerUser

from .figures import Figure
from .planner import Planner, Site
from .problem import Problem
from .simulated_day import (
    BATTERY_AT_START,
    BATTERY_BAND,
    CAR_AT_START,
    CAR_TARGET,
    SITE_POWER,
    STEP,
    Day,
    House,
    charge_at_once,
    do_nothing,
    foreseen,
    lived,
    simulated_day,
)

_CHECKOUT = Path(__file__).resolve().parents[1]
# The server's own environment has SciPy; ours needs none.
_PYTHON_WITH_SCIPY = _CHECKOUT / ".dev/flexmeasures/bin/python"
_USER = ServerUser(
    account="Home",
    email="bench@example.com",
    password=secrets.token_urlsafe(16),
    roles=("account-admin",),
)
_DAY = "a day of battery, car and panels"
_SHARE_THAT_MAY_BE_MISSED = 2.0  # %
# Half a per cent of the car, which no display shows.
_CAR_MAY_LACK = 0.3  # kWh
# A server shared by many homes takes 10 triggers per 5 minutes from an account; this is far from a nuisance.
_MOST_PLANS = 150


async def measure_closed_loop() -> list[Figure]:
    """Live the day in all these ways; three minutes, most of them the server's."""
    day = simulated_day()
    nothing = await lived(day, do_nothing)
    at_once = await lived(day, charge_at_once)
    optimum = await _optimum(day)
    ours, surprised, planner = await _ours(day)
    costs = {
        "doing nothing": nothing.settled_cost,
        "charging at once": at_once.settled_cost,
        "ours, with forecasts that miss clouds and kettles": surprised.settled_cost,
        "ours": ours.settled_cost,
        "the optimum": optimum,
    }
    return [
        *(Figure(name=f"{_DAY}: cost of {name}", value=costs[name], unit="EUR") for name in costs),
        _missed(ours, "doing nothing", nothing, optimum),
        _missed(ours, "charging at once", at_once, optimum),
        _short("car at 07:00", ours),
        _short("car at 07:00 with such forecasts", surprised),
        Figure(
            name="grid connection: highest quarter of an hour",
            value=ours.highest_power / 1000,
            unit="kW",
            bound=SITE_POWER / 1000,
        ),
        Figure(name=f"{_DAY}: plans", value=len(planner.seconds), unit="plans", bound=_MOST_PLANS),
        Figure(
            name="a plan, from trigger to schedules: median",
            value=median(planner.seconds),
            unit="s",
        ),
    ]


def _missed(ours: House, name: str, other: House, optimum: float) -> Figure:
    share = (ours.settled_cost - optimum) / (other.settled_cost - optimum)
    return Figure(
        name=f"saving beside {name}: missed by ours",
        value=100 * share,
        unit="%",
        bound=_SHARE_THAT_MAY_BE_MISSED,
    )


def _short(name: str, house: House) -> Figure:
    missing = max(CAR_TARGET - house.charger.car.stored, 0.0) / 1000
    return Figure(
        name=f"{name}: short of its target", value=missing, unit="kWh", bound=_CAR_MAY_LACK
    )


async def _ours(day: Day) -> tuple[House, House, Planner]:
    """Return the home that knew the day, the one that had forecasts, and the first one's planner."""
    with TemporaryDirectory() as folder:
        server = FlexMeasuresServer(Path(folder), users=[_USER], play=True)
        try:
            await asyncio.to_thread(server.start)
            credentials = Credentials(_USER.email, _USER.password)
            async with ClientSession() as session:
                client = FlexMeasuresClient(session, server.url, credentials)
                known = foreseen(day)
                planner = Planner(client, known, await Site.set_up(client, "Known", known))
                ours = await lived(known, planner.steer)
                guessing = Planner(client, day, await Site.set_up(client, "Forecast", day))
                return ours, await lived(day, guessing.steer), planner
        finally:
            await asyncio.to_thread(server.stop)


async def _optimum(day: Day) -> float:
    low, high = BATTERY_BAND
    problem = Problem(
        hours=STEP / timedelta(hours=1),
        consumption_prices=day.consumption_prices,
        feed_in_prices=day.feed_in_prices,
        house_powers=_kilo(day.house_powers),
        solar_powers=_kilo(day.solar_powers),
        plugged_in=day.plugged_in,
        battery_band=(low * BATTERY.capacity / 1000, high * BATTERY.capacity / 1000),
        battery_at_start=BATTERY_AT_START / 1000,
        battery_power=BATTERY.charging_power / 1000,
        battery_efficiency=BATTERY.one_way_efficiency,
        car_energy=(CAR_TARGET - CAR_AT_START) / 1000 / CAR.one_way_efficiency,
        car_power=CAR.charging_power / 1000,
        site_power=SITE_POWER / 1000,
    )
    process = await asyncio.create_subprocess_exec(
        _PYTHON_WITH_SCIPY,
        *("-m", "bench.optimum"),
        cwd=_CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    output, _ = await process.communicate(json.dumps(asdict(problem)).encode())
    if process.returncode:
        raise RuntimeError("the optimum was not found")
    return float(output)


def _kilo(powers: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(power / 1000 for power in powers)
