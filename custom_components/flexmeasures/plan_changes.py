"""Whether a new plan would be another one than the plan in force."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from .plan_inputs import DeviceInputs
from .plan_models import DevicePlan
from .plan_request import PlanWindow
from .s2_request import S2Request
from .scheduling import JSON, BreakableProcess, StorageState

# Share of the capacity that a device may be off its expected path: what the resolution of its state of charge, a
# minute of delay and the weather explain.
OFF_PATH = 0.02
# kWh that sums of floats may be off.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBasis:
    """What all plans of a site were made from.

    Attributes:
        inputs: of the devices that were planned, by their id.
        described: what S2 devices among them added, by their id.
        context: the flex-context, from the options and as the site stores it.
        reads_more: whether the server plans with what may change without a word, such as forecasts.
    """

    inputs: Mapping[str, DeviceInputs]
    context: tuple[Mapping[str, JSON], ...]
    window: PlanWindow
    reads_more: bool
    described: Mapping[str, S2Request] = field(default_factory=dict)


def would_be_same(
    before: PlanBasis, after: PlanBasis, plans: Mapping[str, DevicePlan | None]
) -> bool:
    """Tell whether nothing changed since the plans in force that a new plan would take up.

    A plan also rolls on: when prices have become known that it was cut short for, and when less than half of it is left
    and a longer one is possible.

    Args:
        before: of the plans in force.
        after: as it is now.
        plans: in force, by device id.
    """
    if before.context != after.context or before.inputs.keys() != after.inputs.keys():
        return False
    if _rolls_on(before.window, after.window):
        return False
    if not all(_is_same_description(before, after, device_id) for device_id in after.described):
        return False
    return all(
        (plan := plans.get(device_id)) is not None
        and plan.trusted
        and _is_same_device(before.inputs[device_id], inputs, after.window.now)
        and not is_off_path(plan, inputs, after.window.now)
        and _is_same_price(plan, after.window)
        for device_id, inputs in after.inputs.items()
        if device_id not in after.described or after.described[device_id].is_planned
    )


def _is_same_description(before: PlanBasis, after: PlanBasis, device_id: str) -> bool:
    """Tell whether an S2 device describes the rest of the planned time as before.

    The step that has begun is left out, since what was foreseen for its begin is forgotten by now.
    """
    known = before.described.get(device_id)
    start = after.window.start + after.window.resolution
    end = min(before.window.end, after.window.end)
    has_path = after.inputs[device_id].stored is not None
    return known is not None and after.described[device_id].is_same(
        known, start, end, has_path=has_path
    )


def prices_grew(before: PlanWindow, after: PlanWindow) -> bool:
    """Tell whether prices have become known for which the plans before were cut short."""
    if not before.findings or before.priced_until is None or after.priced_until is None:
        return False
    return after.priced_until > before.priced_until


def is_off_path(plan: DevicePlan, inputs: DeviceInputs, now: datetime) -> bool:
    """Tell whether a device stores another energy than its plan expects; what stores nothing never does."""
    if inputs.storage is None or inputs.stored is None:
        return False
    return is_energy_off_path(plan, inputs.stored.energy, now)


def is_energy_off_path(plan: DevicePlan, energy: float, now: datetime) -> bool:
    """Tell whether an energy in kWh is another than the plan expects; also where it expects nothing."""
    expected = plan.expected_energy(now)
    capacity = plan.storage.capacity if plan.storage else plan.capacity
    if expected is None or capacity is None:
        return True
    return abs(energy - expected) > OFF_PATH * capacity + _ROUNDING


def _rolls_on(before: PlanWindow, after: PlanWindow) -> bool:
    if prices_grew(before, after):
        return True
    left = before.end - after.now
    return left <= (before.end - before.start) / 2 and after.end > before.end


def _is_same_device(before: DeviceInputs, after: DeviceInputs, now: datetime) -> bool:
    if (before.device, before.model, before.sensor) != (after.device, after.model, after.sensor):
        return False
    if _wanted(before.state) != _wanted(after.state):
        return False
    if after.wanted_run is not None:
        return before.wanted_run is not None and _is_same_run(before, after, now)
    is_generic = after.storage is None and after.stored is not None
    return not is_generic or before.stored == after.stored


def _is_same_run(before: DeviceInputs, after: DeviceInputs, now: datetime) -> bool:
    was, now_is = before.wanted_run, after.wanted_run
    if was is None or now_is is None or isinstance(after.model, BreakableProcess):
        return False
    if (was.run.requested_at, was.latest_end) != (now_is.run.requested_at, now_is.latest_end):
        return False
    placed_at = now_is.run.placed_at
    # One that should have started and did not is placed again.
    return now_is.run.started_at is not None or (placed_at is not None and placed_at > now)


def _wanted(state: StorageState | None) -> StorageState | None:
    return None if state is None else replace(state, stored_energy=0.0)


def _is_same_price(plan: DevicePlan, window: PlanWindow) -> bool:
    """Tell whether the steps to come still have the prices that the plan was made with."""
    if plan.tariff is None or window.tariff is None:
        return plan.tariff is window.tariff
    schedule = plan.schedule
    begin = max(schedule.start, window.start)
    count = (schedule.valid_until - begin) // schedule.resolution
    return plan.tariff.on_steps(begin, schedule.resolution, count) == window.tariff.on_steps(
        begin, schedule.resolution, count
    )
