"""A hybrid heat pump on a real server: its demand is met by the cheaper of electricity and gas, in every hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from custom_components.flexmeasures.s2.control_types import (
    UNGUARDED,
    DemandDrivenControl,
    Grid,
    Sensors,
    SeriesKind,
    Span,
)
from custom_components.flexmeasures.s2.messages import ddbc
from custom_components.flexmeasures.s2.messages.components import Commodity
from custom_components.flexmeasures.scheduling import FlexContext, Price, PriceSensor, Schedule

from ...s2.control_types.samples import GAS, all_transitions, supplying
from ..client.conftest import QUARTER
from .conftest import PRICES, Home

# 0.2 litres of gas a second are 7.0344 kW, 90 % of which become heat.
GAS_POWER = 0.2 * 3600 * 9.77
BOILER_HEAT = 0.9 * GAS_POWER / 1000
# A heat pump of 500 to 2000 W gives three times as much.
PUMP = ("pump", supplying("heat", (500, 2000), (1.5, 6)))
BOILER = ("boiler", supplying("burn", (0, 0.2), (0, BOILER_HEAT), quantity=GAS))


@dataclass(frozen=True)
class Hybrid:
    """One device on the server, and what it is planned on."""

    home: Home
    sensors: Sensors
    control: DemandDrivenControl

    async def plan(self, gas_price: Price | None) -> dict[str, Schedule]:
        """Store the demand, ask for one plan, and return what each actuator is to take in W."""
        home, grid = self.home, Grid(self.home.start, QUARTER, 24)
        contribution = self.control.contribution(self.sensors, grid, home.start)
        (series,) = contribution.series
        await home.client.post_sensor_data(
            self.sensors.identifier(series.kind),
            start=series.start,
            duration=len(series.values) * series.resolution,
            values=series.values,
            unit="kW",
            wait=True,
        )
        price = PriceSensor(await home.price_sensor(home.known_prices), "EUR")
        result, schedules = await home.plan(
            *contribution.flex_models,
            context=FlexContext(consumption_price=price, gas_price=gas_price),
        )
        assert result.job.unresolved == ()
        by_sensor = dict(zip((each.sensor_id for each in result.schedules), schedules, strict=True))
        return {name: by_sensor[number] for name, number in self.sensors.power.items()}


async def hybrid(
    home: Home,
    demands: Sequence[float],
    *actuators: tuple[str, ddbc.OperationMode],
    limits: Span = UNGUARDED,
) -> Hybrid:
    """Return a device with these actuators, all off, and a demand in kW for each hour."""
    asset, *_ = await home.device("Hybrid")
    sensors = Sensors(
        power={name: (await home.sensor(name, asset=asset.id)).id for name, _ in actuators},
        series={
            SeriesKind.DEMAND_FORECAST: (await home.sensor("demand forecast", asset=asset.id)).id
        },
        stored_energy=(await home.sensor("expected", "kWh", timedelta(0), asset.id)).id,
        total_power=(await home.sensor("total", asset=asset.id)).id,
    )
    control = DemandDrivenControl(limits=limits)
    off = supplying("off", (0, 0), (0, 0))
    parts = tuple(
        ddbc.ActuatorDescription(
            id=name,
            supported_commodities=(Commodity.ELECTRICITY,),
            operation_modes=(off, running),
            transitions=all_transitions("off", running.id),
            timers=(),
        )
        for name, running in actuators
    )
    control.receive(
        ddbc.SystemDescription(
            message_id="description",
            valid_from=home.start,
            actuators=parts,
            provides_average_demand_rate_forecast=True,
        ),
        home.start,
    )
    control.receive(
        ddbc.AverageDemandRateForecast(
            message_id="forecast",
            start_time=home.start,
            elements=tuple(
                ddbc.AverageDemandRateForecastElement(duration=timedelta(hours=1), expected=demand)
                for demand in demands
            ),
        ),
        home.start,
    )
    return Hybrid(home, sensors, control)


def by_hour(schedule: Schedule) -> list[float | None]:
    """Return the W of each hour, which has to be the same in all of its quarters."""
    hours = list(schedule.powers[::4])
    assert schedule.powers == pytest.approx([power for power in hours for _ in range(4)], abs=0.1)
    return hours


async def test_the_cheaper_of_electricity_and_gas_meets_the_demand_in_every_hour(
    home: Home,
) -> None:
    """Heat costs a third of the price of electricity, or 0.0278 EUR/kWh from gas at 0.025 EUR/kWh."""
    device = await hybrid(home, [4, 4, 4, 4, 4, 4], PUMP, BOILER)

    plan = await device.plan(Price(0.025, "EUR"))

    by_pump = [price / 3 < 0.025 / 0.9 for price in PRICES]
    assert by_pump == [False, False, True, True, True, True]
    assert by_hour(plan["pump"]) == pytest.approx(
        [4000 / 3 if pumped else 0 for pumped in by_pump], abs=0.1
    )
    assert by_hour(plan["boiler"]) == pytest.approx(
        [0 if pumped else 4000 / 0.9 for pumped in by_pump], abs=0.1
    )


async def test_what_one_actuator_cannot_supply_the_other_adds(home: Home) -> None:
    """Nothing, less than the pump's least, what it can, more than it can, all that both can, and more than that."""
    demands = [0, 1, 5, 8, 6 + BOILER_HEAT, 20]
    device = await hybrid(home, demands, PUMP, BOILER)

    plan = await device.plan(Price(0.2, "EUR"))

    pump = [0, 0, 5000 / 3, 2000, 2000, 2000]
    boiler = [0, 1000 / 0.9, 0, 2000 / 0.9, GAS_POWER, GAS_POWER]
    assert by_hour(plan["pump"]) == pytest.approx(pump, abs=0.1)
    assert by_hour(plan["boiler"]) == pytest.approx(boiler, abs=0.1)


async def test_gas_without_a_price_is_left_to_what_electricity_cannot_do(home: Home) -> None:
    device = await hybrid(home, [4, 4, 4, 4, 4, 6], PUMP, BOILER)

    plan = await device.plan(None)

    assert by_hour(plan["pump"]) == pytest.approx([*[4000 / 3] * 5, 2000], abs=0.1)
    assert by_hour(plan["boiler"]) == pytest.approx([0] * 6, abs=0.1)


async def test_a_pump_alone_does_the_nearest_that_it_can(home: Home) -> None:
    """1.5 to 6 kW or nothing: 0.5 kW is nearer to nothing, 1 kW to 1.5 kW."""
    device = await hybrid(home, [0.5, 1, 1.5, 3, 6, 9], PUMP)

    plan = await device.plan(None)

    assert by_hour(plan["pump"]) == pytest.approx([0, 500, 500, 1000, 2000, 2000], abs=0.1)


async def test_a_limit_for_all_actuators_leaves_a_demand_unmet(home: Home) -> None:
    """Of 2.5 kW the pump makes 6 kW of heat, and the rod the rest; 9 kW nobody may make."""
    rod = ("rod", supplying("rod", (0, 3000), (0, 3)))
    demands = [0, 3, 6, 6.5, 9, 20]
    device = await hybrid(home, demands, PUMP, rod, limits=Span(0.0, 2500.0))

    plan = await device.plan(None)

    assert by_hour(plan["pump"]) == pytest.approx([0, 1000, 2000, 2000, 2000, 2000], abs=0.1)
    assert by_hour(plan["rod"]) == pytest.approx([0, 0, 0, 500, 500, 500], abs=0.1)
