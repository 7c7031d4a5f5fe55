"""When to plan: one trigger for all flexible devices of the site, and the plans that are in force."""

import asyncio
from datetime import timedelta
import random
from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from .alarm import Alarm
from .client import (
    AuthenticationError,
    ConnectionFailedError,
    FlexMeasuresClient,
    JobFailedError,
    RateLimitedError,
    ScheduleResult,
    ValidationError,
)
from .const import LOGGER
from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry
from .errors import errors_for_actions
from .flexible_device import FlexibleDevice
from .listeners import Listeners
from .plan_causes import CauseWatch
from .plan_following import PlanFollowing
from .plan_inputs import is_run_over
from .plan_keeper import PlanKeeper
from .plan_making import PlanMaker, SiteRequest, without_refused, without_s2_devices
from .plan_models import DevicePlan, PlanCause, PlanState, Savings
from .plan_savings import SavingsLedger
from .plans_in_force import PlansInForce
from .price_watch import PriceWatch
from .process_runs import ProcessRun, ProcessRuns
from .repairs import PRICE_ISSUES, async_update_issues
from .site_store import SiteStore
from .values import SiteValues
from .wishes import SiteWishes

if TYPE_CHECKING:
    from .s2_planning import S2Planning

# Spreads the homes that started together, for instance after a power cut.
_LONGEST_JITTER = timedelta(minutes=1)
# What happens together is planned once: a car that is plugged in tells its state of charge a moment later. After start
# other integrations still bring their entities back.
_DEBOUNCE = timedelta(seconds=2)
# A failure is tried again sooner than the period: first after this, then twice as long each time, up to the period.
_FIRST_RETRY = timedelta(seconds=15)
# Somebody who moves a slider for minutes still gets a plan.
_MOST_DROPPED = 2

# After these an answer that is under way is for a home that is no more.
_SUPERSEDING = frozenset({PlanCause.WISH, PlanCause.MODE, PlanCause.PLUG, PlanCause.PROCESS})


class Planner:
    """Keeps each flexible device's plan current.

    When it fails, the last plan stays in force until it ends or is too old, and `status` says since when and why. Every
    cause ends in one run for all devices; while one is under way, one more waits. A run asks the server only when a plan
    would be another than before (`would_be_same`), so a day without surprises takes less than a trigger per period.

    Attributes:
        listeners: called when a plan, or how it stands with one, may have changed.
        problem: why there is no new plan, for the site or for one of its devices; None when there is one for all.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        client: FlexMeasuresClient,
        inventory: InventoryCoordinator,
        values: SiteValues,
        devices: tuple[FlexibleDevice, ...],
        store: SiteStore,
        wishes: SiteWishes,
        s2: S2Planning | None = None,
    ) -> None:
        """Take up the plans from before a restart, and prepare planning the devices on the entry's site."""
        self._hass = hass
        self._entry = entry
        self._inventory = inventory
        self._devices = {device.subentry_id: device for device in devices}
        self._wishes = wishes
        ids = tuple(self._devices)
        self._keeper = PlanKeeper(store, ids, dt_util.utcnow())
        self._ledger = SavingsLedger(store, ids)
        self._runs = ProcessRuns(store, ids)
        self._maker = PlanMaker(
            hass, entry, client, inventory, self._keeper, self._runs, wishes, s2
        )
        self._watch = CauseWatch(hass, devices, self._keeper, self._runs, self.async_request, s2)
        self._following = PlanFollowing(
            devices, self._keeper, self._ledger, self._runs, self._async_run_went_on
        )
        self._in_force = PlansInForce(
            hass, entry, self._devices, self._keeper, self._runs, values, self._maker.settings
        )
        self._prices = PriceWatch(
            inventory, values, self._maker.settings.context, self.async_request
        )
        self._causes: set[PlanCause] = set()
        self._generation = 0
        self._one_at_a_time = asyncio.Lock()
        self._waiting: asyncio.Task[None] | None = None
        self._next_run = Alarm(hass, self._async_next_run_due)
        self._next_cause = PlanCause.PERIOD
        self._soon = Alarm(hass, self._async_soon_due)
        self._end = Alarm(hass, self._async_ended)
        self._not_before = dt_util.utcnow()
        self._retry = _FIRST_RETRY
        self._is_stopped = False
        self.listeners = Listeners()
        self.problem: HomeAssistantError | None = None

    @callback
    def async_start(self) -> None:
        """Plan soon, again every period, and when something happens, until the entry is unloaded."""
        self._entry.async_on_unload(self.async_stop)
        if not self._devices:
            return
        controllers = self._entry.runtime_data.controllers
        self._watch.async_start(self._entry, controllers)
        self._following.async_start(self._entry, controllers)
        self._prices.async_start(self._entry)
        self._entry.async_on_unload(self._wishes.listeners.async_add(self._async_wished))
        self._async_watch_end()
        self.async_request(PlanCause.START)

    @callback
    def async_stop(self) -> None:
        """Plan nothing any more, and count what was carried out until now."""
        self._is_stopped = True
        self._following.async_stop()
        for alarm in (self._next_run, self._soon, self._end):
            alarm.async_cancel()

    def plan(self, device_id: str) -> DevicePlan | None:
        """Return the plan in force, also from before a restart; None when there is none."""
        return self._keeper.plan(device_id)

    def status(self, device_id: str) -> PlanState:
        """Return how it stands with the device's plan, since when, and why."""
        return self._keeper.state(device_id)

    def savings(self, device_id: str) -> Savings:
        """Return what carrying out the device's plans cost and saved today and this month."""
        return self._ledger.of(device_id)

    @property
    def savings_listeners(self) -> Listeners:
        """Return who is called whenever carrying out a plan has cost or earned something."""
        return self._ledger.listeners

    def process_run(self, device_id: str) -> ProcessRun | None:
        """Return the run that a process was asked for; None when nobody asked."""
        return self._runs.of(device_id)

    @callback
    def async_request_run(self, device_id: str) -> None:
        """Plan one run of a process, to be done by the time that is wished, else within a day."""
        self._runs.async_request(device_id, dt_util.utcnow())
        self.async_request(PlanCause.PROCESS)

    @callback
    def async_withdraw_run(self, device_id: str) -> None:
        """Take the request for a run back, unless the process has started."""
        self._runs.async_withdraw(device_id)
        self.async_request(PlanCause.PROCESS)

    @callback
    def async_request(self, cause: PlanCause) -> None:
        """Plan soon, together with whatever else happens in the next moments."""
        if self._is_stopped:
            return
        self._causes.add(cause)
        if cause in _SUPERSEDING:
            self._generation += 1
        if not self._soon.is_set:
            wait = max(_DEBOUNCE, self._not_before - dt_util.utcnow())
            self._soon.async_set_in(wait)

    async def async_reschedule(self, cause: PlanCause = PlanCause.PERSON) -> None:
        """Make new plans from what is known now; callers that wait for the next run share it.

        Raises:
            HomeAssistantError: there is no new plan for the site or for one of its devices; the last one stays.
        """
        self._causes.add(cause)
        if self._waiting is None:
            # Not eager: the run clears `_waiting`, which must be set by then.
            self._waiting = self._entry.async_create_background_task(
                self._hass, self._async_run_next(), "flexmeasures reschedule", eager_start=False
            )
        await asyncio.shield(self._waiting)

    @callback
    def _async_watch_end(self) -> None:
        """Tell when the next plan ends or has become too old."""
        self._end.async_cancel()
        plans = [plan for device_id in self._devices if (plan := self.plan(device_id))]
        if plans and not self._is_stopped:
            end = min(plan.for_control.valid_until for plan in plans)
            self._end.async_set_at(end)

    @callback
    def _async_ended(self) -> None:
        self.listeners.async_call()
        self._async_watch_end()

    @callback
    def _async_wished(self) -> None:
        self.async_request(PlanCause.WISH)

    @callback
    def _async_run_went_on(self) -> None:
        """Plan again when a process is done."""
        if self._async_finish_runs():
            self.async_request(PlanCause.PROCESS)

    @callback
    def _async_soon_due(self) -> None:
        # A run that began in the meantime may have taken the causes up.
        if self._causes:
            self._async_run_in_background(PlanCause.first_of(self._causes))

    @callback
    def _async_next_run_due(self) -> None:
        self._async_run_in_background(self._next_cause)

    @callback
    def _async_run_in_background(self, cause: PlanCause) -> None:
        self._entry.async_create_background_task(
            self._hass, self._async_run_quietly(cause), "flexmeasures plan"
        )

    async def _async_run_quietly(self, cause: PlanCause) -> None:
        try:
            await self.async_reschedule(cause)
        except HomeAssistantError as error:
            LOGGER.debug("No new plan for %s: %s", self._entry.title, error)

    async def _async_run_next(self) -> None:
        async with self._one_at_a_time:
            self._waiting = None
            before = self.problem
            failure: HomeAssistantError | None = None
            # A defect is no reason to never plan again.
            pause, is_retry = self._maker.settings.period, True
            try:
                self.problem = await self._async_plan()
                pause += random.random() * _LONGEST_JITTER
                is_retry = False
                self._retry = _FIRST_RETRY
            except HomeAssistantError as error:
                self.problem = failure = error
                pause = self._async_pause_after(error)
                raise
            finally:
                self._async_tell_problem(before)
                async_update_issues(self._hass, self._entry, PRICE_ISSUES, failure)
                self._async_run_after(pause, PlanCause.RETRY if is_retry else PlanCause.PERIOD)
                self._async_watch_end()
                self.listeners.async_call()
            if self.problem:
                raise self.problem

    @callback
    def _async_run_after(self, pause: timedelta, cause: PlanCause) -> None:
        self._next_cause = cause
        if not self._is_stopped:
            self._next_run.async_set_in(pause)

    @callback
    def _async_pause_after(self, error: HomeAssistantError) -> timedelta:
        """Return how long to wait after a failure, and let those know who can do something about it."""
        cause = error.__cause__
        if isinstance(cause, AuthenticationError):
            self._entry.async_start_reauth(self._hass)
        elif isinstance(cause, ConnectionFailedError):
            self._entry.async_create_background_task(
                self._hass, self._inventory.async_request_refresh(), "flexmeasures inventory"
            )
        elif isinstance(cause, RateLimitedError) and cause.retry_after is not None:
            pause = timedelta(seconds=cause.retry_after)
            self._not_before = dt_util.utcnow() + pause
            return pause + random.random() * _FIRST_RETRY
        pause = self._retry
        self._retry = min(2 * self._retry, self._maker.settings.period)
        return pause * random.uniform(1.0, 1.2)

    @callback
    def _async_tell_problem(self, before: HomeAssistantError | None) -> None:
        if self.problem and not before:
            LOGGER.warning("No new schedule for %s: %s", self._entry.title, self.problem)
        elif before and not self.problem:
            LOGGER.info("Schedules for %s are computed again", self._entry.title)

    async def _async_plan(self) -> HomeAssistantError | None:
        """Put new plans in force; return why a device has none although it should.

        Raises:
            HomeAssistantError: no device has one.
        """
        causes: set[PlanCause] = set()
        dropped = 0
        while True:
            causes |= self._causes
            self._causes.clear()
            generation = self._generation
            self._async_finish_runs()
            reading = await self._maker.async_read(tuple(self._devices.values()))
            problem = self._in_force.async_leave_out(reading.left_out)
            if not reading.inputs:
                self._in_force.async_forget_basis()
                return problem
            try:
                with errors_for_actions():
                    request = await self._maker.async_prepare(reading)
                    problem = problem or self._in_force.async_leave_out(request.left_out)
                    if not request.requests or self._in_force.would_be_same(request, causes):
                        self._in_force.async_confirm(request)
                        return problem
                    self._in_force.async_await(request)
                    self.listeners.async_call()
                    request, result = await self._async_ask(request)
                    problem = problem or self._in_force.async_leave_out(request.left_out)
            except HomeAssistantError as error:
                self._in_force.async_fail(reading.inputs, error)
                raise
            if generation == self._generation or dropped == _MOST_DROPPED:
                return self._in_force.async_take(request, result, causes) or problem
            LOGGER.debug("A plan for %s came too late and is dropped", self._entry.title)
            dropped += 1

    async def _async_ask(self, request: SiteRequest) -> tuple[SiteRequest, ScheduleResult | None]:
        """Return the server's answer, and to what; a device that it refuses does not stop the others."""
        try:
            return request, await self._maker.async_ask(request)
        except (JobFailedError, ValidationError) as error:
            # What a job could not do names no device.
            rest = without_refused(request, error) if isinstance(error, ValidationError) else None
            rest = rest or without_s2_devices(request, error)
            if rest is None:
                raise
            return rest, await self._maker.async_ask(rest)

    @callback
    def _async_finish_runs(self) -> bool:
        """Note which processes are done; return whether any is."""
        now = dt_util.utcnow()
        done = [
            device_id
            for device_id, device in self._devices.items()
            if (run := self._runs.of(device_id)) and is_run_over(device, run, now)
        ]
        for device_id in done:
            self._runs.async_finish(device_id)
        return bool(done)
