"""What one S2 device is told: its plan or a person's power becomes instructions, or it is left to itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from .const import DOMAIN, LOGGER
from .control import RELEASED, SCHEDULE, Reading
from .listeners import Listeners
from .s2 import MessageError, random_identifier
from .s2.control_types import Plan, PowerProfileControl, Span
from .s2.messages.components import ControlType, Identifier, Instruction
from .s2.messages.session import InstructionStatus
from .scheduling import Schedule

if TYPE_CHECKING:
    from .s2_device import S2Device

# What the device is told when a person sent an instruction by hand.
_BY_HAND: Final = "instructed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentInstruction:
    """The instruction sent last, and how far the device is with it."""

    instruction: Instruction
    status: InstructionStatus
    since: datetime


class S2Instructor:
    """Turns what control decided into instructions, at the times that the device's control type names.

    When it fails, the device goes on with its last instruction until its session ends.

    Attributes:
        told: what the device was told last: `SCHEDULE`, W, consumption positive, `RELEASED`, or a word of its own for
            an instruction that a person sent; a device that begins anew was told nothing.
        schedules: the plan in force, by actuator.
        last: None before the first.
        is_ending: whether the session is about to be closed, so that the device is asked to follow nothing any more.
        listeners: called at once when the device was told something, or begins anew.
    """

    def __init__(self, hass: HomeAssistant, device: S2Device) -> None:
        """Begin with a device that was told nothing."""
        self._hass = hass
        self._device = device
        self.told: Reading = RELEASED
        self.schedules: Mapping[str, Schedule] = {}
        self.last: SentInstruction | None = None
        self.is_ending = False
        self.listeners = Listeners()
        self._is_instructed = False
        self._decision: CALLBACK_TYPE | None = None

    @property
    def is_told_by_hand(self) -> bool:
        """Whether the last instruction is a person's."""
        return self.told == _BY_HAND

    @callback
    def async_plan(self, schedules: Mapping[str, Schedule]) -> None:
        """Take the schedules of a new plan by actuator; they are carried out while the schedule is followed."""
        if schedules != self.schedules:
            self.schedules = schedules
            self._async_act()

    @callback
    def async_tell(self, told: Reading) -> None:
        """Let the device carry its schedules out, or give W, consumption positive, or leave it to itself."""
        self.told = told
        if told == RELEASED:
            self._release(dt_util.utcnow())
        self._async_act()

    @callback
    def _async_act(self) -> None:
        self.async_decide(dt_util.utcnow())
        self.listeners.async_call()
        self._device.listeners.async_call()

    @callback
    def async_decide(self, now: datetime) -> None:
        """Send what is due, and come back when more may be."""
        self.async_cancel()
        control, plan = self._device.control, self._plan(now)
        if control is None or plan is None or not self._device.is_active:
            return
        if isinstance(control, PowerProfileControl):
            for identifier in control.held_back(plan):
                self.revoke(identifier, now)
        for instruction in control.instructions(now, plan, random_identifier):
            try:
                self._instruct(instruction, now)
            except MessageError as error:
                LOGGER.warning("%s is not told: %s", self._device.settings.title, error.label)
                break
        if (due := control.next_decision(now, plan)) is not None:
            self._decision = async_track_point_in_utc_time(self._hass, self._async_due, due)

    @callback
    def _async_due(self, now: datetime) -> None:
        self._decision = None
        self._async_act()

    @callback
    def async_cancel(self) -> None:
        """Wait for nothing any more."""
        if self._decision is not None:
            self._decision()
            self._decision = None

    def _plan(self, now: datetime) -> Plan | None:
        """Return what the device is to do; None while it is not told anything by us."""
        if not isinstance(self.told, str):
            control = self._device.control
            ranges = control.powers(now) if control else {}
            return Plan(overrides=shares(self.told, ranges))
        if self.told != SCHEDULE:
            return None
        if isinstance(self._device.control, PowerProfileControl):
            # Its plan is where its profiles are placed.
            return Plan()
        return Plan(schedules=self.schedules)

    def _release(self, now: datetime) -> None:
        """Leave a device to itself that was told what to do: it would go on with that for ever.

        S2 knows no instruction for this; a device that follows no control type runs as it would alone, and one that
        begins anew has been told nothing.
        """
        session, control_type = self._device.session, self._device.control_type
        if not self._is_instructed or session is None or control_type is None:
            return
        self._is_instructed = False
        self._device.give(session.select_control_type(ControlType.NO_SELECTION, now), now)
        if not self.is_ending:
            self._device.give(session.select_control_type(control_type, now), now)

    @callback
    def async_begin_anew(self) -> None:
        """Take over that the device left its control type, and with it all that it was told."""
        self._is_instructed = False
        self.told = RELEASED
        self.async_cancel()
        self.listeners.async_call()

    def _instruct(self, instruction: Instruction, now: datetime) -> None:
        """Send an instruction.

        Raises:
            MessageError: it must not be sent now.
        """
        session = self._device.session
        assert session is not None
        output = session.send_instruction(instruction, now)
        self.last = SentInstruction(
            instruction=instruction, status=InstructionStatus.NEW, since=now
        )
        self._is_instructed = True
        if self._device.control is not None:
            self._device.control.sent(instruction, now)
        self._device.give(output, now)

    @callback
    def async_instruct_by_hand(self, instruction: Instruction) -> None:
        """Tell the device what a person wants; control leaves that alone as it does any other change by people.

        Raises:
            HomeAssistantError: it is not connected, or the instruction makes no sense to it.
        """
        self._device.require_session()
        try:
            self._instruct(instruction, dt_util.utcnow())
        except MessageError as error:
            raise refusal(self._device.settings.title, error) from error
        self.told = _BY_HAND
        self._async_act()

    def note(self, identifier: Identifier, status: InstructionStatus, now: datetime) -> None:
        """Take over how far the device is with an instruction."""
        if self.last is not None and self.last.instruction.id == identifier:
            self.last = SentInstruction(instruction=self.last.instruction, status=status, since=now)

    def revoke(self, identifier: Identifier, now: datetime) -> None:
        """Take an instruction back, if it can be."""
        session = self._device.session
        assert session is not None
        try:
            output = session.revoke_instruction(identifier, now)
        except MessageError as error:
            title = self._device.settings.title
            LOGGER.debug("%s: nothing to take back: %s", title, error.label)
            return
        self._device.give(output, now)


def shares(power: float, ranges: Mapping[str, Span]) -> dict[str, float]:
    """Return a device's W, consumption positive, by actuator: each in turn as much of it as it can, the last the rest."""
    left, given = power, {}
    names = list(ranges) or [""]
    for name in names[:-1]:
        given[name] = max(min(0.0, ranges[name].low), min(max(0.0, ranges[name].high), left))
        left -= given[name]
    return {**given, names[-1]: left}


def refusal(title: str, error: MessageError) -> HomeAssistantError:
    """Return the sentence about something that cannot be said to a device."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="s2_refused",
        translation_placeholders={"device": title, "reason": error.label},
    )
