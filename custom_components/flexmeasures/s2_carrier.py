"""An S2 device as control knows devices: its session takes the setpoint, and its words are the inputs."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, override

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.exceptions import HomeAssistantError

from .actuators import Carrier
from .control import (
    RELEASED,
    SCHEDULE,
    Actuation,
    Command,
    FollowSchedule,
    Inputs,
    Mode,
    Origin,
    Outcome,
    PowerLimits,
    Release,
    Reported,
    SessionActuation,
    SetPower,
)
from .control_inputs import DeviceInputs, InputSource, reached
from .plan_models import DevicePlan
from .planner import Planner
from .s2.control_types import (
    DeviceControl,
    NoControl,
    PowerEnvelopeControl,
    PowerProfileControl,
    Timeline,
)
from .s2_device import S2Device
from .wishes import Wishes

# What a programme can be told besides its schedule: to begin, and to pause where it may.
_MODES_OF_PROGRAMMES: Final = (Mode.SCHEDULE, Mode.CHARGE_NOW, Mode.PAUSE)

# Who foresaw it does not matter; it only names what is replaced together.
_FORECAST: Final = "forecast"


class S2Carrier(Carrier):
    """Brings what control decides to a device's session, and tells what the device was told last.

    When it fails, the device goes on with its last instruction until its session ends.
    """

    def __init__(self, device: S2Device, planner: Planner) -> None:
        """Stand for the device, whose plan the planner has."""
        self._device = device
        self._planner = planner
        self._modes: tuple[Mode, ...] = (Mode.SCHEDULE,)
        self._modes_of: object = None
        self._shown: object = None

    @property
    @override
    def problem(self) -> HomeAssistantError | None:
        return None

    @property
    @override
    def modes(self) -> tuple[Mode, ...]:
        control, powers = self._device.control, self._device.powers
        is_described = self._device.observation.is_described
        # It is asked with every word of the device, and most change nothing of it.
        if control is not None and is_described and powers is not self._modes_of:
            self._modes_of = powers
            self._modes = _modes(control, limits_of(self._device))
        return self._modes

    @override
    def actuation(self, limits: PowerLimits) -> Actuation | None:
        return SessionActuation()

    @override
    def report(self, origin: Origin) -> Reported:
        if not self._device.can_be_told:
            return Reported(None, origin, available=False)
        return Reported(self._device.instructor.told, origin)

    @callback
    @override
    def async_start(self, changed: Callable[[Origin], None]) -> CALLBACK_TYPE:
        @callback
        def told() -> None:
            shown = (self._device.can_be_told, self._device.instructor.told, self.modes)
            if shown != self._shown:
                self._shown = shown
                by_hand = self._device.instructor.is_told_by_hand
                changed(Origin.FOREIGN if by_hand else Origin.DEVICE)

        stops = (
            self._device.listeners.async_add(told),
            self._device.instructor.listeners.async_add(told),
            self._planner.listeners.async_add(self._async_take_plan),
        )

        @callback
        def stop() -> None:
            for each in stops:
                each()

        return stop

    @callback
    def _async_take_plan(self) -> None:
        plan = self._planner.plan(self._device.settings.subentry_id)
        control = self._device.control
        if isinstance(control, PowerEnvelopeControl) and not self._device.observation.forecast:
            control.foresee(_foreseen(plan))
        self._device.instructor.async_plan(plan.actuators if plan else {})

    @callback
    @override
    def async_end(self) -> None:
        self._device.instructor.is_ending = True

    @override
    async def async_send(self, command: Command) -> Outcome:
        if not self._device.can_be_told:
            return Outcome.FAILED
        self._async_take_plan()
        match command:
            case FollowSchedule():
                self._device.instructor.async_tell(SCHEDULE)
            case SetPower(power):
                self._device.instructor.async_tell(power)
            case Release():
                self._device.instructor.async_tell(RELEASED)
            case _:
                return Outcome.REFUSED
        return Outcome.TAKEN


class S2Inputs(InputSource):
    """What control has to know of a device, from its own words."""

    def __init__(self, device: S2Device) -> None:
        """Read the device."""
        self._device = device
        self._wishes = Wishes()

    @override
    def read(self, wishes: Wishes, now: datetime) -> DeviceInputs:
        self._wishes = wishes
        is_known = self._device.can_be_told
        charged, discharged = reached(self._device.observation.state_of_charge, wishes)
        return DeviceInputs(
            inputs=Inputs(live=is_known, charged=charged, discharged=discharged),
            limits=limits_of(self._device) if is_known else None,
            is_complete=is_known,
            is_silent=not is_known,
            stale_at=None,
        )

    @callback
    @override
    def async_start(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        seen: object = None

        @callback
        def told() -> None:
            nonlocal seen
            # Most words change nothing of what control has to know; another wish is read anyway.
            is_reached = reached(self._device.observation.state_of_charge, self._wishes)
            told_now = (self._device.can_be_told, is_reached, id(self._device.powers))
            if told_now != seen:
                seen = told_now
                changed()

        return self._device.listeners.async_add(told)


def limits_of(device: S2Device) -> PowerLimits | None:
    """Return what all actuators can take and give together, within what people let them; None while that is not known."""
    ranges = device.powers.values()
    if not ranges:
        return None
    people_s = device.settings.limits
    return PowerLimits(
        max(0.0, people_s.clamp(sum(span.high for span in ranges))),
        max(0.0, -people_s.clamp(sum(span.low for span in ranges))),
    )


def _foreseen(plan: DevicePlan | None) -> Timeline[float]:
    """Return the W, consumption positive, that a plan's forecast has a device give by itself."""
    foreseen: Timeline[float] = Timeline()
    for step, power in enumerate(plan.available if plan else ()):
        if plan is not None and power is not None:
            start = plan.schedule.start + step * plan.schedule.resolution
            foreseen.replace_from(start, [(plan.schedule.resolution, -power)], _FORECAST)
    return foreseen


def _modes(control: DeviceControl, limits: PowerLimits | None) -> tuple[Mode, ...]:
    """Return what a device can be told: one that cannot be controlled nothing at all."""
    if isinstance(control, NoControl):
        return ()
    if isinstance(control, PowerProfileControl):
        return _MODES_OF_PROGRAMMES
    consumes = limits is not None and limits.consumption > 0
    produces = limits is not None and limits.production > 0
    return (
        Mode.SCHEDULE,
        *((Mode.CHARGE_NOW,) if consumes else ()),
        *((Mode.DISCHARGE_NOW,) if produces else ()),
        Mode.PAUSE,
        Mode.MANUAL,
    )
