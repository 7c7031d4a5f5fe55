"""The plans in force and how it stands with them, kept across failures and restarts."""

from dataclasses import replace
from datetime import datetime

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from .const import LOGGER
from .plan_models import DevicePlan, PlanState, PlanStatus
from .plan_records import plan_from_record, plan_to_record
from .site_store import Section, SiteStore

_SECTION = "plans"


class PlanKeeper:
    """Keeps the last good plan of each device until it ends or is too old.

    Without it every failure of the server, and every restart, would send devices to their safe value.
    """

    def __init__(self, store: SiteStore, device_ids: tuple[str, ...], now: datetime) -> None:
        """Take up the plans that were in force before a restart and still are."""
        self._store = store
        self._plans: dict[str, DevicePlan] = {}
        self._states = {
            device_id: PlanState(PlanStatus.WAITING, since=now) for device_id in device_ids
        }
        for device_id in device_ids:
            if record := store.record(_SECTION, device_id):
                try:
                    self._plans[device_id] = plan_from_record(record)
                except (ValueError, OverflowError) as error:
                    LOGGER.warning("A kept plan is dropped: %s", error)
            if self.plan(device_id):
                self._states[device_id] = PlanState(PlanStatus.PLANNED, since=now)
        store.async_provide(_SECTION, self._records)

    def plan(self, device_id: str) -> DevicePlan | None:
        """Return the plan in force; None when there is none, or it has ended or become too old."""
        plan = self._plans.get(device_id)
        if plan is None or dt_util.utcnow() >= plan.for_control.valid_until:
            return None
        return plan

    def state(self, device_id: str) -> PlanState:
        """Return how it stands with the device's plan."""
        return self._states[device_id]

    @callback
    def async_keep(self, device_id: str, plan: DevicePlan) -> None:
        """Put a plan in force."""
        self._plans[device_id] = plan
        self._store.async_changed()

    @callback
    def async_confirm(self, device_id: str, expires: datetime) -> None:
        """Let the plan in force count as asked for now: it would be the same again."""
        if plan := self.plan(device_id):
            self.async_keep(device_id, replace(plan, expires=expires))

    @callback
    def async_drop(self, device_id: str) -> None:
        """Put no plan in force: it is for a car that has left, or a process that nobody asked for."""
        if self._plans.pop(device_id, None):
            self._store.async_changed()

    @callback
    def async_state(
        self, device_id: str, status: PlanStatus, problem: HomeAssistantError | None = None
    ) -> None:
        """Say how it stands now; since when stays while the status does."""
        before = self._states[device_id]
        since = before.since if before.status is status else dt_util.utcnow()
        self._states[device_id] = PlanState(status, since, problem)

    def _records(self) -> Section:
        return {
            device_id: plan_to_record(plan)
            for device_id, plan in self._plans.items()
            if plan.trusted and plan.expires is not None
        }
