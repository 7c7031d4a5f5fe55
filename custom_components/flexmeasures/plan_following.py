"""Watches plans being carried out: what that costs, and how far processes are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from .control import SetpointSource
from .data import FlexMeasuresConfigEntry
from .flexible_device import DeviceKind, FlexibleDevice
from .plan_keeper import PlanKeeper
from .plan_models import DevicePlan
from .plan_savings import SavingsLedger, amount_of, baseline_of
from .process_runs import ProcessRuns

if TYPE_CHECKING:
    from .controller import Controller

# W from which a process counts as running.
_RUNNING = 1.0


@dataclass(frozen=True, slots=True)
class _Piece:
    """What a device has been told since a moment, within one step of a plan."""

    since: datetime
    power: float
    plan: DevicePlan


class PlanFollowing:
    """Counts each piece of a plan when it has been carried out.

    A controller tells of every change of its setpoint, and of every step's begin, so pieces never cross a step.
    """

    def __init__(
        self,
        devices: tuple[FlexibleDevice, ...],
        keeper: PlanKeeper,
        ledger: SavingsLedger,
        runs: ProcessRuns,
        run_changed: Callable[[], None],
    ) -> None:
        """Prepare watching the devices; ``run_changed`` is called when a process went on."""
        self._devices = devices
        self._keeper = keeper
        self._ledger = ledger
        self._runs = runs
        self._run_changed = run_changed
        self._pieces: dict[str, _Piece] = {}

    @callback
    def async_start(
        self, entry: FlexMeasuresConfigEntry, controllers: Mapping[str, Controller]
    ) -> None:
        """Watch until the entry is unloaded."""
        for device in self._devices:
            controller = controllers[device.subentry_id]
            changed = partial(self._async_changed, device, controller)
            entry.async_on_unload(controller.listeners.async_add(changed))
            changed()

    @callback
    def async_stop(self) -> None:
        """Count what is under way; call it before what is kept is written for the last time."""
        for device in self._devices:
            self._async_close(device)

    @callback
    def _async_changed(self, device: FlexibleDevice, controller: Controller) -> None:
        self._async_close(device)
        setpoint, plan = controller.setpoint, self._keeper.plan(device.subentry_id)
        if (
            plan is not None
            and not controller.shadow
            and setpoint.source is SetpointSource.SCHEDULE
            and setpoint.power is not None
        ):
            now = dt_util.utcnow()
            self._pieces[device.subentry_id] = _Piece(now, setpoint.power, plan)
            if device.kind is DeviceKind.PROCESS and setpoint.power >= _RUNNING:
                # One that runs says that it is no longer ready, which must not look like a request taken back.
                self._runs.async_ran(device.subentry_id, now, timedelta(0))

    @callback
    def _async_close(self, device: FlexibleDevice) -> None:
        piece = self._pieces.pop(device.subentry_id, None)
        now = dt_util.utcnow()
        if piece is None or now <= piece.since:
            return
        baseline = baseline_of(device.kind, piece.plan)
        amount = amount_of(piece.plan, baseline, piece.power, piece.since, now)
        if amount and piece.plan.tariff:
            self._ledger.async_add(
                device.subentry_id, amount, piece.plan.tariff.currency, piece.since
            )
        if device.kind is DeviceKind.PROCESS and piece.power >= _RUNNING:
            self._runs.async_ran(device.subentry_id, piece.since, now - piece.since)
            self._run_changed()
