"""Programmes of a dishwasher, their prices, and what is told of them."""

from datetime import datetime, timedelta

from custom_components.flexmeasures.s2.control_types import (
    Plan,
    PowerProfileControl,
    Sensors,
    SeriesKind,
    Timeline,
)
from custom_components.flexmeasures.s2.messages import ppbc

from ..samples import HOUR, MINUTE, NOON, foreseen, ids

SENSORS = Sensors(power={"": 1}, series={SeriesKind.CONSUMPTION_FORECAST: 2})
STATUS = ppbc.PowerSequenceStatus


def sequence(
    sequence_id: str,
    *loads: tuple[float, float],
    pause: float | None = None,
    interruptible: bool = False,
    abnormal: bool = False,
) -> ppbc.PowerSequence:
    """Return a sequence of loads in minutes and W, with the longest pause before it in minutes."""
    return ppbc.PowerSequence(
        id=sequence_id,
        elements=tuple(
            ppbc.PowerSequenceElement(duration=minutes * MINUTE, power_values=foreseen(watts))
            for minutes, watts in loads
        ),
        is_interruptible=interruptible,
        abnormal_condition_only=abnormal,
        max_pause_before=None if pause is None else pause * MINUTE,
    )


def programme(
    *containers: tuple[ppbc.PowerSequence, ...],
    start: datetime = NOON,
    end: datetime = NOON + 6 * HOUR,
) -> ppbc.PowerProfileDefinition:
    """Return a programme with containers c1, c2 and so on."""
    return ppbc.PowerProfileDefinition(
        message_id="definition",
        id="programme",
        start_time=start,
        end_time=end,
        power_sequences_containers=tuple(
            ppbc.PowerSequenceContainer(id=f"c{index}", power_sequences=sequences)
            for index, sequences in enumerate(containers, 1)
        ),
    )


def status(
    container_id: str,
    value: ppbc.PowerSequenceStatus,
    sequence_id: str | None = None,
    progress: timedelta | None = None,
) -> ppbc.PowerProfileStatus:
    """Return how far a container is."""
    return ppbc.PowerProfileStatus(
        message_id="status",
        sequence_container_status=(
            ppbc.PowerSequenceContainerStatus(
                power_profile_id="programme",
                sequence_container_id=container_id,
                status=value,
                selected_sequence_id=sequence_id,
                progress=progress,
            ),
        ),
    )


def prices(*parts: tuple[float, float], start: datetime = NOON) -> Timeline[float]:
    """Return prices: hours and price of a kWh."""
    timeline: Timeline[float] = Timeline()
    timeline.replace_from(start, [(hours * HOUR, price) for hours, price in parts], "prices")
    return timeline


def told(
    control: PowerProfileControl, now: datetime = NOON, plan: Plan | None = None
) -> list[tuple[str, str, datetime]]:
    """Return container, sequence and time of every instruction."""
    return [
        (part.sequence_container_id, part.power_sequence_id, part.execution_time)
        for part in control.instructions(now, plan or Plan(), ids())
    ]


def send(control: PowerProfileControl, now: datetime = NOON, plan: Plan | None = None) -> None:
    """Send whatever is to be sent."""
    for instruction in control.instructions(now, plan or Plan(), ids()):
        control.sent(instruction, now)


WASH = sequence("wash", (30, 2000))
RINSE = sequence("rinse", (15, 500), pause=60)


def dishwasher(*parts: tuple[float, float]) -> PowerProfileControl:
    """Return a dishwasher that washes and rinses, at prices that fall for the fourth hour."""
    control = PowerProfileControl()
    control.set_prices(prices(*(parts or ((3, 0.4), (1, 0.1), (2, 0.3)))), NOON)
    control.receive(programme((WASH,), (RINSE,)), NOON)
    return control
