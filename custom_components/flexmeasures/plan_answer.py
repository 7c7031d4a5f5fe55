"""The server's answer as plans, one per device."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from homeassistant.const import UnitOfPower

from .client import Job, Sensor, SensorSchedule
from .measurements import ValueWindow
from .plan_models import DevicePlan, PlanCause
from .plan_request import DeviceRequest, PlanWindow
from .plan_settings import PlanSettings
from .scheduling import (
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
    schedule: Schedule,
    answer: SensorSchedule,
    job: Job,
    window: PlanWindow,
    settings: PlanSettings,
    cause: PlanCause,
) -> DevicePlan:
    """Return a device's plan, with all that it will not do though it was asked for."""
    inputs = request.inputs
    plan = DevicePlan(
        schedule=schedule,
        trusted=not schedule.is_flat_fallback,
        expires=min(schedule.valid_until, window.now + settings.longest_age),
        cause=cause,
        tariff=window.tariff,
        available=request.available,
        findings=request.findings,
        breaches=breaches(answer.commitment_costs),
    )
    if inputs.storage is None or inputs.state is None:
        return plan
    energies = expected_energies(
        inputs.storage,
        inputs.state.stored_energy,
        schedule.powers,
        schedule.resolution,
        request.flows,
    )
    missed = all_missed(
        missed_by_expectation(
            inputs.storage,
            _as_soon_as_possible(inputs.storage, inputs.state, schedule),
            energies,
            start=schedule.start,
            resolution=schedule.resolution,
        ),
        missed_by_server(
            job.unresolved, asset_id=inputs.sensor.asset_id, capacity=inputs.storage.capacity
        ),
    )
    return replace(
        plan,
        storage=inputs.storage,
        capacity=inputs.storage.capacity,
        state=inputs.state,
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
