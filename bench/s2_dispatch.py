"""What it costs to turn a schedule into S2 instructions, and to decide once, as at every step of the day."""

from datetime import UTC, datetime, timedelta
import gc
from itertools import count
import time

from custom_components.flexmeasures.s2.control_types import FillRateControl, Plan
from custom_components.flexmeasures.s2.messages import frbc
from custom_components.flexmeasures.s2.messages.components import (
    Commodity,
    CommodityQuantity,
    NumberRange,
    PowerRange,
    Transition,
)
from custom_components.flexmeasures.scheduling import Schedule

from .figures import Figure

_BEGIN = datetime(2026, 11, 22, tzinfo=UTC)
_QUARTER = timedelta(minutes=15)
_STEPS = 96
# The best of many: a moment without anything else on the machine is what is looked for.
_ROUNDS = 40
# Of a whole day's schedule, step by step: per number of actuators.
_BOUNDS = {1: 1, 4: 10}  # ms
# W for idle, and for charging and discharging at factor 0 and 1, each with its units of fill level per second.
_MODES = (
    ("idle", (0.0, 0.0), (0.0, 0.0)),
    ("charge", (500.0, 5000.0), (1e-6, 1e-5)),
    ("discharge", (-5000.0, -500.0), (-1e-5, -1e-6)),
)


def measure_dispatch() -> list[Figure]:
    """Ask for the instructions of every step of a day, with one and with four actuators on one storage.

    Once as a pure question, which is what is promised, and once with all that is noted between two steps.
    """
    gc.collect()
    return [
        Figure(
            name=f"{_STEPS} steps to S2 instructions{noted}, actuators: {actuators}",
            value=min(_cost(actuators, noting=bool(noted)) for _ in range(_ROUNDS)),
            unit="ms",
            bound=None if noted else bound,
        )
        for actuators, bound in _BOUNDS.items()
        for noted in ("", ", each noted as sent")
    ]


def _cost(actuators: int, *, noting: bool) -> float:
    """Return milliseconds of processor time for all steps."""
    names = [f"actuator {number}" for number in range(actuators)]
    control = FillRateControl()
    control.receive(_description(names), _BEGIN)
    control.receive(frbc.StorageStatus(message_id="level", present_fill_level=0.5), _BEGIN)
    for name in names:
        control.receive(
            frbc.ActuatorStatus(
                message_id="status",
                actuator_id=name,
                active_operation_mode_id="idle",
                operation_mode_factor=0,
            ),
            _BEGIN,
        )
    powers = tuple(4500.0 - 100 * index for index in range(_STEPS))
    plan = Plan(
        schedules={
            name: Schedule(
                start=_BEGIN,
                resolution=_QUARTER,
                powers=powers,
                computed_at=_BEGIN,
                schedule_id="job",
            )
            for name in names
        }
    )
    numbers = count()
    began = time.process_time()
    sent = 0
    for step in range(_STEPS):
        now = _BEGIN + step * _QUARTER
        for instruction in control.instructions(now, plan, lambda: str(next(numbers))):
            sent += 1
            if noting:
                control.sent(instruction, now)
    spent = time.process_time() - began
    if sent < _STEPS * actuators * 0.9:
        raise RuntimeError(f"only {sent} instructions have been given")
    return spent * 1000


def _description(names: list[str]) -> frbc.SystemDescription:
    everywhere = NumberRange(start_of_range=0, end_of_range=1)
    modes = tuple(
        frbc.OperationMode(
            id=name,
            elements=(
                frbc.OperationModeElement(
                    fill_level_range=everywhere,
                    fill_rate=NumberRange(start_of_range=rates[0], end_of_range=rates[1]),
                    power_ranges=(
                        PowerRange(
                            start_of_range=powers[0],
                            end_of_range=powers[1],
                            commodity_quantity=CommodityQuantity.ELECTRIC_POWER_L1,
                        ),
                    ),
                ),
            ),
            abnormal_condition_only=False,
        )
        for name, powers, rates in _MODES
    )
    transitions = tuple(
        Transition(
            id=f"{one.id}-{other.id}",
            from_id=one.id,
            to_id=other.id,
            start_timers=(),
            blocking_timers=(),
            abnormal_condition_only=False,
        )
        for one in modes
        for other in modes
        if one is not other
    )
    return frbc.SystemDescription(
        message_id="description",
        valid_from=_BEGIN,
        actuators=tuple(
            frbc.ActuatorDescription(
                id=name,
                supported_commodities=(Commodity.ELECTRICITY,),
                operation_modes=modes,
                transitions=transitions,
                timers=(),
            )
            for name in names
        ),
        storage=frbc.StorageDescription(
            fill_level_range=everywhere,
            provides_leakage_behaviour=False,
            provides_fill_level_target_profile=False,
            provides_usage_forecast=False,
        ),
    )
