"""A heat pump and a gas boiler that meet a demand, and what they say."""

from datetime import datetime

import pytest

from custom_components.flexmeasures.s2.control_types import (
    UNGUARDED,
    DemandDrivenControl,
    Grid,
    Plan,
    Sensors,
    SeriesKind,
)
from custom_components.flexmeasures.s2.control_types.spans import Span
from custom_components.flexmeasures.s2.messages import ddbc
from custom_components.flexmeasures.s2.messages.components import Commodity, Timer, Transition

from ..samples import GAS, NOON, QUARTER, all_transitions, ids, schedule, span, supplying

SENSORS = Sensors(
    power={"pump": 1, "boiler": 2},
    series={SeriesKind.DEMAND_FORECAST: 5},
    stored_energy=6,
)
GRID = Grid(NOON, QUARTER, 2)
# 0.2 litres of gas a second are 7.0344 kW, 90 % of which become heat.
GAS_POWER = 0.2 * 3.6 * 9.77


def part(
    actuator_id: str,
    *modes: ddbc.OperationMode,
    transitions: tuple[Transition, ...] | None = None,
    timers: tuple[Timer, ...] = (),
) -> ddbc.ActuatorDescription:
    """Return an actuator."""
    return ddbc.ActuatorDescription(
        id=actuator_id,
        supported_commodities=(Commodity.ELECTRICITY,),
        operation_modes=modes,
        transitions=all_transitions(*(mode.id for mode in modes))
        if transitions is None
        else transitions,
        timers=timers,
    )


OFF = supplying("off", (0, 0), (0, 0))
PUMP = part("pump", OFF, supplying("heat", (500, 2000), (1.5, 6)))
BOILER = part(
    "boiler",
    OFF,
    supplying("burn", (0, 0.2), (0, GAS_POWER * 0.9), quantity=GAS, running_costs=0.01),
)


def hybrid(
    demand: float | None,
    *parts: ddbc.ActuatorDescription,
    running: str = "off",
    limits: Span = UNGUARDED,
) -> DemandDrivenControl:
    """Return a heat pump (COP 3, up to 6 kW of heat) and a gas boiler, both off, with a demand in kW."""
    control = DemandDrivenControl(limits=limits)
    parts = parts or (PUMP, BOILER)
    control.receive(description(*parts, demand=demand), NOON)
    for one in parts:
        control.receive(status(one.id, running), NOON)
    return control


def description(
    *parts: ddbc.ActuatorDescription, demand: float | None, valid_from: datetime = NOON - QUARTER
) -> ddbc.SystemDescription:
    """Return the description of a device."""
    return ddbc.SystemDescription(
        message_id="description",
        valid_from=valid_from,
        actuators=parts,
        provides_average_demand_rate_forecast=True,
        present_demand_rate=None if demand is None else span(demand, demand),
    )


def status(actuator_id: str, mode_id: str, factor: float = 0.0) -> ddbc.ActuatorStatus:
    """Return how an actuator runs."""
    return ddbc.ActuatorStatus(
        message_id="status",
        actuator_id=actuator_id,
        active_operation_mode_id=mode_id,
        operation_mode_factor=factor,
    )


def resting(until: datetime) -> ddbc.TimerStatus:
    """Return until when the heat pump rests."""
    return ddbc.TimerStatus(message_id="t", timer_id="rest", actuator_id="pump", finished_at=until)


def forecast(*demands: float) -> ddbc.AverageDemandRateForecast:
    """Return the demand foreseen for each quarter-hour from noon on."""
    return ddbc.AverageDemandRateForecast(
        message_id="forecast",
        start_time=NOON,
        elements=tuple(
            ddbc.AverageDemandRateForecastElement(duration=QUARTER, expected=demand)
            for demand in demands
        ),
    )


def told(
    control: DemandDrivenControl, watts: float | None, now: datetime = NOON
) -> dict[str, tuple[str, object]]:
    """Return mode and factor by actuator, for a planned power of the heat pump."""
    wanted = Plan() if watts is None else Plan(schedules={"pump": schedule(watts, watts)})
    return {
        part.actuator_id: (
            part.operation_mode_id,
            pytest.approx(part.operation_mode_factor, abs=1e-9),
        )
        for part in control.instructions(now, wanted, ids())
    }
