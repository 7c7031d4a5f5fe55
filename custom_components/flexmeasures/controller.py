"""Carries a flexible device's plan out: tells its engine what happens, and does what the engine decides."""

from collections.abc import Callable
from datetime import datetime, timedelta

from homeassistant.core import (
    CALLBACK_TYPE,
    HassJob,
    HomeAssistant,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from .actuators import Carrier
from .alarm import Alarm
from .client import JsonObject
from .control import (
    Actuation,
    ControlEngine,
    ControlMemory,
    ControlResumed,
    ControlSettings,
    ControlStatistics,
    ControlStatus,
    DirectPower,
    FollowingChosen,
    Held,
    Inputs,
    InputsChanged,
    LimitsChanged,
    Mode,
    ModeChosen,
    Notice,
    Origin,
    Override,
    OverrideCleared,
    OverrideSet,
    Plan,
    PlanReceived,
    PowerLimits,
    Setpoint,
    ShadowChosen,
)
from .control_inputs import InputSource, Silence
from .control_records import CONTROL_SECTION, ControlRecord, safe_value_of
from .data import FlexMeasuresConfigEntry
from .engine_runner import EngineRunner
from .flexible_device import FlexibleDevice
from .listeners import Listeners
from .plan_models import DevicePlan
from .planner import Planner
from .repairs import CONTROL_ISSUES, async_update_device_issue
from .site_store import SiteStore
from .wishes import SiteWishes

# After a start a device keeps what it has until its plan and its inputs are there, but no longer than this.
_LONGEST_WAIT = timedelta(minutes=1)
# What a device can take is not known before its entities tell it; until then it is told nothing.
_NO_POWER = PowerLimits(0.0, 0.0)
_NOTHING_TOLD = ""


class Controller:
    """Owns one device's engine, and is the only one that talks to it.

    When it fails, the device keeps what it was told last. Without a carrier everything is computed and shown, and
    nothing is written.

    Attributes:
        listeners: called when anything that people see of control changed.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        planner: Planner,
        device: FlexibleDevice,
        *,
        carrier: Carrier | None,
        source: InputSource,
        store: SiteStore,
        wishes: SiteWishes,
        mode_changed: Callable[[], None],
    ) -> None:
        """Take up what was kept from before a restart.

        Args:
            hass: has the entities.
            entry: owns every task.
            planner: has the device's plan.
            device: with its settings.
            carrier: between the engine and the device; None when setpoints are only shown.
            source: tells what is known of the device.
            store: keeps what a restart must not forget.
            wishes: what people want of the device.
            mode_changed: called when the device's mode became another, which is a reason to plan anew.
        """
        self._hass = hass
        self._entry = entry
        self._planner = planner
        self._device = device
        self._carrier = carrier
        self._source = source
        self._store = store
        self._wishes = wishes
        self._mode_changed = mode_changed
        self.listeners = Listeners()
        kept = ControlRecord.read(store.record(CONTROL_SECTION, device.subentry_id), device)
        self._memory = kept.memory
        self._shadow = kept.shadow
        self._actuation: Actuation = DirectPower()
        self._limits = _NO_POWER
        self._planned: DevicePlan | None = None
        self._is_complete = False
        self._inputs = Inputs()
        self._silence = Silence()
        self._is_reporting = False
        self._is_released = False
        self._stale = Alarm(hass, self._async_read_inputs)
        self._told_problem: str | None = _NOTHING_TOLD
        self._seen: object = None
        engine = self._make_engine(kept.memory)
        self._runner = EngineRunner(hass, entry, carrier, engine, self._async_decided)

    def _make_engine(self, memory: ControlMemory) -> ControlEngine:
        settings = ControlSettings(
            actuation=self._actuation,
            limits=self._limits,
            safe_value=safe_value_of(self._device),
            guard_rails=self._device.guard_rails,
            shadow=self._shadow or self._carrier is None,
        )
        return ControlEngine(settings, memory)

    @callback
    def async_start(self) -> None:
        """Follow plan, wishes, inputs and the carrier until the entry is unloaded or Home Assistant stops."""
        stops = [
            self._planner.listeners.async_add(self._async_take_plan),
            self._wishes.listeners.async_add(self._async_read_inputs),
            self._source.async_start(self._async_read_inputs),
            self._hass.async_add_shutdown_job(HassJob(self.async_release, "flexmeasures release")),
            self._runner.async_cancel_alarm,
            self._stale.async_cancel,
        ]
        if self._carrier:
            stops.append(self._carrier.async_start(self._async_reported))
        self._async_take_plan()
        self._async_read_inputs()
        stops.append(async_at_started(self._hass, self._async_started))
        for stop in stops:
            self._entry.async_on_unload(stop)

    # What happens

    @callback
    def _async_started(self, hass: HomeAssistant) -> None:
        """Everything has been set up: wait for what still comes, but not for ever."""
        self._told_problem = _NOTHING_TOLD
        self._async_reported(Origin.DEVICE)
        if not self._is_reporting:
            self._entry.async_on_unload(async_call_later(hass, _LONGEST_WAIT, self._async_begin))

    @callback
    def _async_begin_when_known(self) -> None:
        """Begin once nothing is missing of what decides the setpoint."""
        request = self.engine.request
        by_plan = request.following and request.mode is Mode.SCHEDULE and not request.override
        if self._is_complete and (self._planned is not None or not by_plan):
            self._async_begin()

    @callback
    def _async_begin(self, now: datetime | None = None) -> None:
        """Look at the actuator: from now on it is written to."""
        if not self._is_reporting:
            self._is_reporting = True
            self._async_reported(Origin.DEVICE)

    @callback
    def _async_reported(self, origin: Origin) -> None:
        if self._carrier is None:
            return
        if not self._is_reporting:
            # What people can choose may be otherwise now.
            self._async_decided()
            return
        self._async_take_actuation(self._carrier)
        self._runner.async_tell(self._carrier.report(origin))
        self._async_tell_owner(self._carrier.problem)

    @callback
    def _async_tell_owner(self, problem: HomeAssistantError | None) -> None:
        key = problem.translation_key if problem else None
        if key != self._told_problem:
            self._told_problem = key
            async_update_device_issue(
                self._hass, self._entry, self._device, problem, CONTROL_ISSUES
            )

    @callback
    def _async_take_actuation(self, carrier: Carrier) -> None:
        """Go on with another engine where the carrier takes power in another way than before."""
        actuation = carrier.actuation(self._limits)
        if actuation is None or actuation == self._actuation:
            return
        self._actuation = actuation
        self._runner.async_replace(self._make_engine(self.engine.memory()))
        self._runner.async_tell(PlanReceived(self._plan), InputsChanged(self._inputs))

    @callback
    def _async_take_plan(self) -> None:
        planned = self._planner.plan(self._device.subentry_id)
        if planned is self._planned:
            return
        if planned is None and self._plan and self._plan.valid_until <= dt_util.utcnow():
            # It is over, which the engine knows and tells.
            return
        self._planned = planned
        self._runner.async_tell(PlanReceived(self._plan))
        self._async_begin_when_known()

    @property
    def _plan(self) -> Plan | None:
        return self._planned.for_control if self._planned else None

    @callback
    def _async_read_inputs(self) -> None:
        wishes = self._wishes.of(self._device.subentry_id)
        time = dt_util.utcnow()
        read = self._source.read(wishes, time)
        self._stale.async_cancel()
        if read.stale_at:
            self._stale.async_set_at(read.stale_at)
        inputs = self._silence.bridge(read, time)
        self._is_complete = read.is_complete
        if read.limits and read.limits != self._limits:
            self._limits = read.limits
            self._runner.async_tell(LimitsChanged(read.limits))
            self._async_reported(Origin.DEVICE)
        if inputs != self._inputs:
            self._inputs = inputs
            self._runner.async_tell(InputsChanged(inputs))
        self._async_begin_when_known()

    # What follows

    @callback
    def _async_decided(self) -> None:
        """Keep what a restart must not forget, and tell whoever shows it."""
        memory = self.engine.memory()
        mode_changed = memory.request.mode is not self._memory.request.mode
        if memory != self._memory:
            self._memory = memory
            self._store.async_changed()
        if mode_changed:
            self._mode_changed()
        seen = (
            self.setpoint,
            memory.request,
            self.status,
            self.held,
            self.limits,
            self.modes,
            self.shadow,
            self.suspended_until,
            self.statistics,
        )
        if seen != self._seen:
            self._seen = seen
            self.listeners.async_call()

    def as_record(self) -> JsonObject:
        """Return what a restart must not forget."""
        kept = ControlRecord(memory=self.engine.memory(), shadow=self._shadow)
        return kept.as_record(self._device)

    async def async_release(self) -> None:
        """Give the device its safe value, if it holds one of ours, within seconds, and decide nothing any more."""
        if not self._is_released:
            self._is_released = True
            if self._carrier:
                self._carrier.async_end()
            self._async_begin()
            await self._runner.async_release()

    # What people want

    @callback
    def async_follow(self, following: bool) -> None:
        """Let the schedule be carried out, or stop that; either ends mode, override and suspension."""
        self._runner.async_tell(FollowingChosen(following))

    @callback
    def async_choose_mode(
        self, mode: Mode, power: float | None = None, until: datetime | None = None
    ) -> None:
        """Choose a mode: a power (W, consumption positive) for the manual one, and when it ends by itself."""
        self._runner.async_tell(ModeChosen(mode, power, until))
        # After a start that may leave nothing to wait for.
        self._async_begin_when_known()

    @callback
    def async_override(self, power: float, until: datetime | None = None) -> None:
        """Set the power (W, consumption positive): while a schedule is followed until its next block, else for good."""
        self._runner.async_tell(OverrideSet(power, until))
        self._async_begin_when_known()

    @callback
    def async_clear_override(self) -> None:
        """Take the override back."""
        self._runner.async_tell(OverrideCleared())

    @callback
    def async_resume(self) -> None:
        """Take control again before a suspension ends."""
        self._runner.async_tell(ControlResumed())

    @callback
    def async_shadow(self, shadow: bool) -> None:
        """Compute and show everything and write nothing, or write again; without a carrier nothing is ever written."""
        self._shadow = shadow
        self._store.async_changed()
        self._runner.async_tell(ShadowChosen(shadow or self._carrier is None))

    # What people see

    @callback
    def async_listen_notices(self, listener: Callable[[Notice], None]) -> CALLBACK_TYPE:
        """Call the listener with every notice; the callable returned ends that."""
        return self._runner.async_listen_notices(listener)

    @property
    def engine(self) -> ControlEngine:
        """Return what decides: another one after the setpoint entity changed its unit, or the device its limits."""
        return self._runner.engine

    @property
    def setpoint(self) -> Setpoint:
        """Return what should be followed now, whether or not anything is written."""
        return self.engine.setpoint

    @property
    def limits(self) -> PowerLimits:
        """Return what the device can take; nothing while that is not known."""
        return self.engine.limits

    @property
    def following(self) -> bool:
        """Tell whether the schedule may be carried out."""
        return self.engine.request.following

    @property
    def mode(self) -> Mode:
        """Return what a person wants from the device."""
        return self.engine.request.mode

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Return what people can choose now; nothing for a device that can only be left to itself."""
        return self._carrier.modes if self._carrier else self._device.modes

    @property
    def override(self) -> Override | None:
        """Return the power that replaces everything else; None when there is none."""
        return self.engine.request.override

    @property
    def shadow(self) -> bool:
        """Tell whether nothing is written."""
        return self._shadow

    @property
    def suspended_until(self) -> datetime | None:
        """Return until when somebody else's change is left alone; None while control is ours."""
        return self.engine.suspended_until

    @property
    def status(self) -> ControlStatus:
        """Return what control does with the device now."""
        return self.engine.status

    @property
    def held(self) -> Held | None:
        """Return what holds the wanted write back; None when nothing does."""
        return self.engine.held

    @property
    def statistics(self) -> ControlStatistics:
        """Return what control did."""
        return self.engine.statistics()

    @property
    def problem(self) -> HomeAssistantError | None:
        """Return why the setpoint entity cannot be told anything; None when it can, or will by itself."""
        return self._carrier.problem if self._carrier else None
