"""The server's answer as plans, one per device."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from homeassistant.const import UnitOfPower

from .client import Sensor, SensorSchedule
from .measurements import ValueWindow
from .plan_models import Baseline, DevicePlan, PlanCause
from .plan_request import DeviceRequest, PlanWindow
from .plan_settings import PlanSettings
from .s2_request import S2Request
from .scheduling import (
    JSON,
    EnergyWindow,
    Reach,
    Schedule,
    SiteConnection,
    Storage,
    StorageState,
    all_missed,
    breaches,
    expected_energies,
    missed_by_expectation,
    missed_by_server,
)
from .units import convert


def schedule_of(answer: SensorSchedule, now: datetime) -> Schedule | None:
    """Return the schedule that the server answered, in W; None when nothing in it is for the time to come."""
    if not any(value is not None for value in answer.values):
        return None
    schedule = Schedule(
        start=answer.start,
        resolution=answer.resolution,
        powers=answer.values,
        computed_at=now,
        schedule_id=answer.schedule_id,
        scheduler=answer.scheduler or "",
    )
    return schedule if schedule.valid_until > now else None


@dataclass(frozen=True, slots=True)
class Answered:
    """What the server answered for one device.

    Attributes:
        schedule: of the device as a whole.
        actuators: of each actuator of an S2 device, by its id; empty for everything else.
        costs: what limits that are broken cost, by the server's names.
    """

    schedule: Schedule
    actuators: Mapping[str, Schedule] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_flat_fallback(self) -> bool:
        """Tell whether an older server only fell back on something flat."""
        return any(
            schedule.is_flat_fallback for schedule in (self.schedule, *self.actuators.values())
        )


def answered(
    request: DeviceRequest,
    answers: Mapping[int, SensorSchedule],
    window: PlanWindow,
    now: datetime,
) -> Answered | None:
    """Return the answer to what was asked for a device; None when nothing in it is for the time to come."""
    if request.s2 is not None:
        return _answered_for_s2(request.s2, answers, window, now)
    answer = answers.get(request.inputs.sensor.id)
    schedule = schedule_of(answer, now) if answer else None
    if answer is None or schedule is None:
        return None
    return Answered(schedule, costs=answer.commitment_costs)


def _answered_for_s2(
    request: S2Request, answers: Mapping[int, SensorSchedule], window: PlanWindow, now: datetime
) -> Answered | None:
    if request.placed:
        placed = Schedule(
            start=window.start,
            resolution=window.resolution,
            powers=request.placed,
            computed_at=now,
            schedule_id="",
        )
        return Answered(placed)
    found = {
        actuator: answers[sensor.id]
        for actuator, sensor in request.actuators.items()
        if sensor.id in answers
    }
    actuators = {
        actuator: schedule
        for actuator, answer in found.items()
        if (schedule := schedule_of(answer, now))
    }
    total = _total(tuple(actuators.values()))
    if total is None:
        return None
    return Answered(total, actuators, next(iter(found.values())).commitment_costs)


def _total(schedules: Sequence[Schedule]) -> Schedule | None:
    """Return the power of several actuators together; None in steps of which nothing is known of any."""
    if not schedules:
        return None
    first = schedules[0]
    powers = []
    for step in first.steps():
        known = [power for each in schedules if (power := each.power_at(step.start)) is not None]
        powers.append(sum(known) if known else None)
    return replace(first, powers=tuple(powers))


def leeways_of(
    connection: SiteConnection | None, answers: Iterable[SensorSchedule], now: datetime
) -> Mapping[int, tuple[float, ...]]:
    """Return by how many W each sensor's schedule may be exceeded in each step; nothing where that is not known."""
    schedules = {answer.sensor_id: schedule_of(answer, now) for answer in answers}
    together = [schedule for schedule in schedules.values() if schedule is not None]
    if connection is None or len(together) < len(schedules):
        return {}
    return {
        sensor_id: connection.leeway(schedule, together)
        for sensor_id, schedule in schedules.items()
        if schedule is not None
    }


def plan_of(
    request: DeviceRequest,
    answer: Answered,
    unresolved: Sequence[Mapping[str, JSON]],
    window: PlanWindow,
    settings: PlanSettings,
    cause: PlanCause,
    leeway: tuple[float, ...],
) -> DevicePlan:
    """Return a device's plan, with all that it will not do though it was asked for."""
    inputs, schedule = request.inputs, answer.schedule
    plan = DevicePlan(
        schedule=schedule,
        trusted=not answer.is_flat_fallback,
        expires=min(schedule.valid_until, window.now + settings.longest_age),
        cause=cause,
        tariff=window.tariff,
        available=request.available,
        findings=request.findings,
        breaches=breaches(answer.costs),
        actuators=answer.actuators,
        leeway=leeway,
        baseline=request.s2.baseline if request.s2 else Baseline.UNKNOWN,
        price_at_once=request.s2.price_at_once if request.s2 else None,
    )
    if inputs.storage is None or inputs.state is None:
        return plan
    return _with_energies(plan, request, inputs.storage, inputs.state, unresolved)


def _with_energies(
    plan: DevicePlan,
    request: DeviceRequest,
    storage: Storage,
    state: StorageState,
    unresolved: Sequence[Mapping[str, JSON]],
) -> DevicePlan:
    """Return the plan of what stores energy with the energies that it leads to, and what they miss."""
    schedule = plan.schedule
    if request.s2 is not None and request.s2.expect is not None:
        energies = request.s2.expect(plan.actuators)
    else:
        energies = expected_energies(
            storage, state.stored_energy, schedule.powers, schedule.resolution, request.flows
        )
    missed = all_missed(
        missed_by_expectation(
            storage,
            _as_soon_as_possible(storage, state, schedule),
            energies,
            start=schedule.start,
            resolution=schedule.resolution,
        ),
        missed_by_server(
            unresolved, asset_id=request.inputs.sensor.asset_id, capacity=storage.capacity
        ),
    )
    return replace(
        plan,
        storage=storage,
        capacity=storage.capacity,
        state=state,
        energies=energies,
        missed=missed,
    )


def _as_soon_as_possible(storage: Storage, state: StorageState, schedule: Schedule) -> StorageState:
    """Return what is wanted, with limits from when they can be kept on.

    A car that comes home empty misses nothing by charging as fast as it can.
    """
    reach = Reach.of(storage, state, schedule.start, schedule.valid_until, schedule.resolution)

    def kept_from(window: EnergyWindow, reached: datetime | None) -> EnergyWindow:
        if reached is None or reached >= window.end:
            return window
        return replace(window, start=max(window.start, reached))

    return replace(
        state,
        minima=tuple(
            kept_from(each, reach.when_above(each.energy, each.start)) for each in state.minima
        ),
        maxima=tuple(
            kept_from(each, reach.when_below(each.energy, each.start)) for each in state.maxima
        ),
    )


def stored_schedules(request: DeviceRequest, answer: Answered) -> Iterator[tuple[Schedule, Sensor]]:
    """Yield what the server now stores, each with its sensor of power; what a device places itself it does not store."""
    if request.s2 is None:
        yield answer.schedule, request.inputs.sensor
        return
    for actuator, schedule in answer.actuators.items():
        yield schedule, request.s2.actuators[actuator]
    if request.s2.is_grouped:
        yield answer.schedule, request.inputs.sensor


def as_stored(schedule: Schedule, sensor: Sensor) -> ValueWindow:
    """Return what the server now stores on the power sensor: its own unit and sign.

    The one place where our sign (consumption positive) becomes the sensor's.
    """
    sign = 1 if sensor.consumption_is_positive else -1
    return ValueWindow(
        start=schedule.start,
        grid=schedule.resolution,
        values=tuple(
            None if power is None else sign * convert(power, UnitOfPower.WATT, sensor.unit) + 0.0
            for power in schedule.powers
        ),
        asked_at=schedule.computed_at,
    )
