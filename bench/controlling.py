"""What it costs when the devices of a large site get their setpoints at one boundary."""

from datetime import UTC, datetime, timedelta
import gc
import time

from custom_components.flexmeasures.control import (
    Bounds,
    ControlEngine,
    ControlSettings,
    FollowingChosen,
    Origin,
    Outcome,
    Plan,
    PlanReceived,
    PowerLimits,
    Reported,
    ScaledNumber,
    SetNumber,
    TimePassed,
    Write,
    WriteFinished,
)
from custom_components.flexmeasures.scheduling import Schedule

from .figures import Figure

_BEGIN = datetime(2026, 11, 22, tzinfo=UTC)
_RESOLUTION = timedelta(minutes=15)
_DEVICES = 100
_STEPS = 96
_BOUNDS = Bounds(-5, 5, 0.1)
# Together with everything else, the event loop may be kept from other work for so long.
_BOUND = 50  # ms


def measure_controlling() -> list[Figure]:
    """Let all devices decide at every boundary of a day, and take what they decide."""
    engines = [_device(index) for index in range(_DEVICES)]
    gc.collect()
    costs = [_boundary(engines, _BEGIN + step * _RESOLUTION) for step in range(1, _STEPS)]
    return [
        Figure(
            name=f"setpoints of {_DEVICES} devices at one boundary, decided and checked",
            value=max(costs) * 1000,
            unit="ms",
            bound=_BOUND,
        )
    ]


def _device(index: int) -> ControlEngine:
    """Return a battery that follows a plan with another power in every step."""
    powers = tuple(float((step * 37 + index) % 50 * 100) for step in range(_STEPS))
    schedule = Schedule(
        start=_BEGIN,
        resolution=_RESOLUTION,
        powers=powers,
        computed_at=_BEGIN,
        schedule_id="job",
    )
    engine = ControlEngine(
        ControlSettings(actuation=ScaledNumber.kilowatts(), limits=PowerLimits(5000, 5000))
    )
    engine.handle(PlanReceived(Plan(schedule=schedule)), _BEGIN)
    engine.handle(FollowingChosen(True), _BEGIN)
    _take(engine, engine.handle(Reported(0.0, Origin.DEVICE, _BOUNDS), _BEGIN), _BEGIN)
    return engine


def _boundary(engines: list[ControlEngine], now: datetime) -> float:
    """Return seconds of processor time for one boundary."""
    began = time.process_time()
    taken = sum(_take(engine, engine.handle(TimePassed(), now), now) for engine in engines)
    cost = time.process_time() - began
    if taken != len(engines):
        raise RuntimeError(f"{len(engines) - taken} devices have not been told their power")
    return cost


def _take(engine: ControlEngine, effects: tuple[object, ...], now: datetime) -> int:
    """Do what a number does that takes its value at once; return how many values it took."""
    writes = [effect for effect in effects if isinstance(effect, Write)]
    for write in writes:
        if isinstance(write.command, SetNumber) and engine.allows(write, now):
            engine.handle(Reported(write.command.value, Origin.OWN, _BOUNDS), now)
            engine.handle(WriteFinished(write.number, Outcome.TAKEN), now)
    return len(writes)
