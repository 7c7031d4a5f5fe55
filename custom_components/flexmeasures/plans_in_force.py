"""Puts the server's answers in force, and says for every device how it stands with its plan."""

from collections.abc import Mapping, Sequence

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from .client import (
    ConnectionFailedError,
    RateLimitedError,
    ScheduleResult,
    SensorSchedule,
    ServerError,
)
from .const import DOMAIN
from .data import FlexMeasuresConfigEntry
from .flexible_device import FlexibleDevice
from .plan_answer import answered, as_stored, leeways_of, plan_of, stored_schedules
from .plan_changes import PlanBasis, prices_grew, would_be_same
from .plan_findings import miss_of
from .plan_inputs import NotPlanned
from .plan_keeper import PlanKeeper
from .plan_making import SiteRequest
from .plan_models import PlanCause, PlanStatus
from .plan_request import DeviceRequest
from .plan_settings import PlanSettings
from .process_runs import ProcessRuns
from .repairs import PRICE_ISSUES, async_update_device_issue
from .scheduling import JSON
from .values import SiteValues

# These get a new plan even if it should be the same.
_FORCING = frozenset({PlanCause.PERSON, PlanCause.MODE, PlanCause.RETRY})


class PlansInForce:
    """Decides what becomes of an answer, and whether another one is to be asked for.

    It never takes a good plan away for a worse one: what is empty, over, or only a fallback leaves the last plan.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        devices: Mapping[str, FlexibleDevice],
        keeper: PlanKeeper,
        runs: ProcessRuns,
        values: SiteValues,
        settings: PlanSettings,
    ) -> None:
        """Begin with what was kept across the restart."""
        self._hass = hass
        self._entry = entry
        self._devices = devices
        self._keeper = keeper
        self._runs = runs
        self._values = values
        self._settings = settings
        self._basis: PlanBasis | None = None

    def would_be_same(self, request: SiteRequest, causes: set[PlanCause]) -> bool:
        """Tell whether nothing is to be asked for, because the plans in force would come again."""
        if self._basis is None or causes & _FORCING:
            return False
        if request.basis.reads_more and PlanCause.PERIOD in causes:
            return False
        plans = {device_id: self._keeper.plan(device_id) for device_id in request.requests}
        return would_be_same(self._basis, request.basis, plans)

    @callback
    def async_forget_basis(self) -> None:
        """Ask for whatever can be planned next: nothing is planned now."""
        self._basis = None

    @callback
    def async_leave_out(self, left_out: Mapping[str, NotPlanned]) -> HomeAssistantError | None:
        """Say why devices are not planned; return the first problem."""
        for device_id, reason in left_out.items():
            if not reason.keeps_plan:
                self._keeper.async_drop(device_id)
            self._async_say(device_id, reason.status, reason.problem)
        problems = (reason.problem for reason in left_out.values())
        return next((problem for problem in problems if problem), None)

    @callback
    def _async_say(
        self, device_id: str, status: PlanStatus, problem: HomeAssistantError | None = None
    ) -> None:
        """Say how it stands with a device's plan; what a person has to mend becomes an issue."""
        self._keeper.async_state(device_id, status, problem)
        async_update_device_issue(self._hass, self._entry, self._devices[device_id], problem)

    @callback
    def async_confirm(self, request: SiteRequest) -> None:
        """Let plans that would come again count as asked for now."""
        if not request.requests:
            self.async_forget_basis()
        for device_id in request.requests:
            if plan := self._keeper.plan(device_id):
                latest = request.window.now + self._settings.longest_age
                self._keeper.async_confirm(device_id, min(plan.schedule.valid_until, latest))

    @callback
    def async_await(self, request: SiteRequest) -> None:
        """Show those without a plan that one is on its way."""
        for device_id, each in request.requests.items():
            is_planned = each.s2 is None or each.s2.is_planned
            if is_planned and self._keeper.plan(device_id) is None:
                self._keeper.async_state(device_id, PlanStatus.COMPUTING)

    @callback
    def async_fail(self, inputs: Mapping[str, object], error: HomeAssistantError) -> None:
        """Say why no device has a new plan; the last ones stay."""
        for device_id in inputs:
            self._async_say(device_id, _failure_status(error), error)

    @callback
    def async_take(
        self, request: SiteRequest, result: ScheduleResult | None, causes: set[PlanCause]
    ) -> HomeAssistantError | None:
        """Put what the server answered in force, None when it was not asked; return why a device has nothing of it."""
        cause = PlanCause.first_of(causes)
        grew = self._basis is not None and prices_grew(self._basis.window, request.window)
        if cause is PlanCause.PERIOD and grew:
            cause = PlanCause.PRICES
        schedules = result.schedules if result else ()
        answers = {answer.sensor_id: answer for answer in schedules}
        leeways = leeways_of(request.connection, schedules, dt_util.utcnow())
        unresolved = result.job.unresolved if result else ()
        problems = [
            self._async_take_device(device_id, request, answers, leeways, unresolved, cause)
            for device_id, each in request.requests.items()
            if self._is_planned(device_id, each)
        ]
        problem = next((problem for problem in problems if problem), None)
        self._basis = None if problem else request.basis
        return problem

    @callback
    def _is_planned(self, device_id: str, asked: DeviceRequest) -> bool:
        """Tell whether a device is to have a plan; one that cannot be controlled only counts for the others."""
        if asked.s2 is None or asked.s2.is_planned:
            return True
        self._async_say(device_id, PlanStatus.NOTHING_TO_PLAN)
        return False

    @callback
    def _async_take_device(
        self,
        device_id: str,
        request: SiteRequest,
        answers: Mapping[int, SensorSchedule],
        leeways: Mapping[int, tuple[float, ...]],
        unresolved: Sequence[Mapping[str, JSON]],
        cause: PlanCause,
    ) -> HomeAssistantError | None:
        asked = request.requests[device_id]
        answer = answered(asked, answers, request.window, dt_util.utcnow())
        if answer is None:
            problem = _no_schedule(asked.inputs.device)
            self._async_say(device_id, PlanStatus.FAILED, problem)
            return problem
        for schedule, sensor in stored_schedules(asked, answer):
            self._values.async_accept(sensor.id, as_stored(schedule, sensor))
        leeway = leeways.get(asked.inputs.sensor.id, ())
        plan = plan_of(asked, answer, unresolved, request.window, self._settings, cause, leeway)
        if not plan.trusted:
            problem = _not_trusted(asked.inputs.device)
            if self._keeper.plan(device_id) is None:
                self._keeper.async_keep(device_id, plan)
            self._async_say(device_id, PlanStatus.UNTRUSTED, problem)
            return problem
        self._keeper.async_keep(device_id, plan)
        if asked.starts_at is not None:
            self._runs.async_place(device_id, asked.starts_at)
        miss = miss_of(plan)
        status = PlanStatus.TARGET_MISSED if miss else PlanStatus.PLANNED
        self._async_say(device_id, status, miss)
        return None


def _failure_status(error: HomeAssistantError) -> PlanStatus:
    """Return what it means for a plan that the site has no new one."""
    if error.translation_key in PRICE_ISSUES:
        return PlanStatus.PRICES_MISSING
    match error.__cause__:
        case RateLimitedError():
            return PlanStatus.RATE_LIMITED
        case ConnectionFailedError() | ServerError():
            return PlanStatus.SERVER_AWAY
    return PlanStatus.FAILED


def _no_schedule(device: FlexibleDevice) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="no_schedule",
        translation_placeholders={"device": device.title},
    )


def _not_trusted(device: FlexibleDevice) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="schedule_not_trusted",
        translation_placeholders={"device": device.title},
    )
