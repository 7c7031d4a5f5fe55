"""One S2 device of a site: what it says becomes known, and what is planned becomes instructions."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from .const import DOMAIN, LOGGER
from .listeners import Listeners
from .s2 import (
    LONGEST_SILENCE,
    Closed,
    ControlTypeActivated,
    ControlTypeDeactivated,
    ControlTypeRefused,
    Event,
    Identified,
    InstructionAnswered,
    InstructionRevoked,
    MessageError,
    Observation,
    Output,
    Session,
    SessionState,
    VersionChosen,
    random_identifier,
)
from .s2.control_types import (
    DeviceControl,
    Notice,
    Plan,
    PowerProfileControl,
    Timeline,
    control_for,
)
from .s2.control_types.control import earliest
from .s2.control_types.plan import OVERRIDE_STEP
from .s2.messages.components import ControlType, Identifier, Instruction, Message
from .s2.messages.session import (
    InstructionStatus,
    InstructionStatusUpdate,
    PowerMeasurement,
    ReceptionStatusValue,
    ResourceManagerDetails,
)
from .s2_pace import S2Pace
from .s2_settings import S2Settings

# What support needs to see of a conversation: a few minutes of a talkative device.
_MOST_MESSAGES: Final = 200
# A description may take a megabyte; 200 of them per device would fill the memory of a small computer.
_LONGEST_KEPT: Final = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardMessage:
    """One text of a conversation.

    Attributes:
        sent: True for ours.
        text: its begin, where it is long.
        length: of the whole text.
    """

    time: datetime
    sent: bool
    text: str
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SentInstruction:
    """The instruction sent last, and how far the device is with it."""

    instruction: Instruction
    status: InstructionStatus
    since: datetime


class S2Device:
    """A device that speaks S2, also while it is away.

    When its session fails it runs on its own, is shown as not connected, and may come back at any time.

    Attributes:
        details: what it said of itself last; kept while it is away.
        observation: what it measures and how it runs; empty while it is away.
        last_instruction: None before the first.
        messages: the last 200 texts of its sessions.
        notices: what stands in the way of what it wants, as of the last plan.
        planned: its schedules; None before the first.
        following: whether its person lets it be told what to do; without that nothing is ever sent.
        override: W, consumption positive, that a person set instead of the schedule; None without.
    """

    def __init__(self, hass: HomeAssistant, settings: S2Settings) -> None:
        """Begin with a device that is not connected."""
        self._hass = hass
        self.settings = settings
        self.listeners = Listeners()
        self.details: ResourceManagerDetails | None = None
        self.observation = Observation(capacity_per_unit=settings.capacity_per_unit)
        self.last_instruction: SentInstruction | None = None
        self.messages: deque[HeardMessage] = deque(maxlen=_MOST_MESSAGES)
        self.session: Session | None = None
        self.control: DeviceControl | None = None
        self.notices: tuple[Notice, ...] = ()
        self.planned: Plan | None = None
        self.following = False
        self.override: float | None = None
        self._override_ends: datetime | None = None
        self._is_instructed = False
        self._send: Callable[[tuple[str, ...]], None] | None = None
        self._decision: CALLBACK_TYPE | None = None
        self._silence: CALLBACK_TYPE | None = None
        self._pace = S2Pace.of(hass)

    @property
    def connected(self) -> bool:
        """Whether the device is there and has said who it is."""
        return self.session is not None

    @property
    def control_type(self) -> ControlType | None:
        """What it follows; None while it follows none."""
        return self.session.control_type if self.session else None

    @property
    def available_control_types(self) -> tuple[ControlType, ...]:
        """What it said that it can follow."""
        return self.details.available_control_types if self.details else ()

    def heard(self, text: str | bytes, now: datetime, *, sent: bool = False) -> None:
        """Keep a text of the conversation for people who look for the cause of something."""
        kept = text[:_LONGEST_KEPT]
        self.messages.append(
            HeardMessage(
                time=now,
                sent=sent,
                text=kept if isinstance(kept, str) else kept.decode(errors="replace"),
                length=len(text),
            )
        )

    @callback
    def async_identified(
        self,
        session: Session,
        details: ResourceManagerDetails,
        send: Callable[[tuple[str, ...]], None],
    ) -> bool:
        """Let a session stand for the device; False when another device uses its secret."""
        expected = self.settings.resource_id
        if expected is None and self.session is not None and self.details is not None:
            expected = self.details.resource_id
        if expected not in {None, details.resource_id}:
            LOGGER.warning("%s: another device uses its secret", self.settings.title)
            return False
        if self.session is not session:
            self._async_disconnected()
            self.session = session
            self._send = send
        self.details = details
        return True

    @callback
    def async_take(self, session: Session, events: Iterable[Event], now: datetime) -> None:
        """Take what happened in a session; nothing when it is not the device's session any more."""
        if session is not self.session:
            return
        for event in events:
            self._take(event, now)
        if self.session is None:
            self._async_changed()
        else:
            self._pace.async_call(self._async_changed)

    @callback
    def _async_changed(self) -> None:
        """Decide and tell everybody."""
        self._async_decide(dt_util.utcnow())
        self.listeners.async_call()

    def _take(self, event: Event, now: datetime) -> None:
        match event:
            case ControlTypeActivated():
                self.control = control_for(event.control_type, self.settings.control_options)
            case ControlTypeDeactivated():
                self._leave_control_type()
            case ControlTypeRefused():
                LOGGER.warning(
                    "%s does not want to follow %s", self.settings.title, event.control_type
                )
            case InstructionAnswered():
                self._answered(event, now)
            case InstructionRevoked():
                self._note_status(event.instruction.id, InstructionStatus.REVOKED, now)
            case Closed():
                self._async_disconnected()
            case Identified() | VersionChosen():
                pass
            case _:
                self._hear(event, now)

    def _hear(self, message: Message, now: datetime) -> None:
        self.observation.receive(message, now)
        if isinstance(message, PowerMeasurement):
            self._async_watch_silence()
        if isinstance(message, InstructionStatusUpdate):
            self._note_status(message.instruction_id, message.status_type, now)
        if self.control is not None:
            for identifier in self.control.receive(message, now):
                self._revoke(identifier, now)

    def _answered(self, event: InstructionAnswered, now: datetime) -> None:
        if event.status in {None, ReceptionStatusValue.OK}:
            return
        self._note_status(event.instruction.id, InstructionStatus.REJECTED, now)
        if self.control is not None:
            temporary = event.status is ReceptionStatusValue.TEMPORARY_ERROR
            self.control.refused(event.instruction.id, now, temporary=temporary)

    def _note_status(
        self, identifier: Identifier, status: InstructionStatus, now: datetime
    ) -> None:
        last = self.last_instruction
        if last is not None and last.instruction.id == identifier:
            self.last_instruction = SentInstruction(
                instruction=last.instruction, status=status, since=now
            )

    def _revoke(self, identifier: Identifier, now: datetime) -> None:
        assert self.session is not None
        try:
            output = self.session.revoke_instruction(identifier, now)
        except MessageError as error:
            LOGGER.debug("%s: nothing to take back: %s", self.settings.title, error.label)
            return
        self._give(output, now)

    def _give(self, output: Output, now: datetime) -> None:
        """Send what a session says by our own will, and take what that means."""
        assert self._send is not None
        self._send(output.texts)
        for event in output.events:
            self._take(event, now)

    def _leave_control_type(self) -> None:
        self._is_instructed = False
        self.control = None
        self.observation.leave_control_type()

    @callback
    def _async_disconnected(self) -> None:
        self.session = None
        self._send = None
        self._leave_control_type()
        self.observation.forget()
        self.async_cancel_timers()

    @callback
    def async_cancel_timers(self) -> None:
        """Wait for nothing any more."""
        self._pace.async_forget(self._async_changed)
        for timer in (self._decision, self._silence):
            if timer is not None:
                timer()
        self._decision = self._silence = None

    @callback
    def _async_watch_silence(self) -> None:
        if self._silence is None and self.observation.power_at is not None:
            self._silence = async_track_point_in_utc_time(
                self._hass, self._async_silent, self.observation.power_at + LONGEST_SILENCE
            )

    @callback
    def _async_silent(self, now: datetime) -> None:
        self._silence = None
        if self.observation.expire(dt_util.utcnow()):
            self.listeners.async_call()
        else:
            self._async_watch_silence()

    @callback
    def async_plan(self, plan: Plan) -> None:
        """Take new schedules; they are followed if the person lets them be."""
        self.planned = plan
        self._async_act()

    @callback
    def async_tell_prices(self, prices: Timeline[float], now: datetime) -> None:
        """Let a device that places its own power profiles know what a kWh costs; others have no use for it."""
        if isinstance(self.control, PowerProfileControl):
            self.control.set_prices(prices, now)
            self._async_act()

    @callback
    def async_follow(self, following: bool) -> None:
        """Follow schedules from now on, or leave the device to itself."""
        self.following = following
        if not following:
            self.override = None
        self._async_act()

    @callback
    def async_override(self, power: float | None) -> None:
        """Follow W, consumption positive, until the schedule's next step; None goes back to the schedule at once.

        Raises:
            HomeAssistantError: the device is left to itself, so that nothing would come of it.
        """
        if not self.following:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="s2_not_following",
                translation_placeholders={"device": self.settings.title},
            )
        now = dt_util.utcnow()
        boundary = self.planned.next_boundary(now) if self.planned else None
        self.override = power
        self._override_ends = boundary or now + OVERRIDE_STEP
        self._async_act()

    @callback
    def _async_act(self) -> None:
        self._async_decide(dt_util.utcnow())
        self.listeners.async_call()

    def planned_power(self, now: datetime) -> float | None:
        """Return the W that are planned now for all actuators together; None where nothing is planned."""
        plan = self.planned
        if plan is None:
            return None
        powers = [plan.power(actuator, now) for actuator in plan.schedules]
        known = [power for power in powers if power is not None]
        return sum(known) if known else None

    @property
    def setpoint(self) -> float | None:
        """The W that the device is to follow now, consumption positive; None while it is left to itself."""
        if not self.following or not self.connected:
            return None
        return self.planned_power(dt_util.utcnow()) if self.override is None else self.override

    def _plan_to_follow(self, now: datetime) -> Plan | None:
        """Return what the device is told to do; None while it is left to itself."""
        if not self.following:
            return None
        if self.override is not None:
            # A person sets one power for the device: its first actuator gives it, and the others rest.
            first, *others = self.observation.actuators or ("",)
            return Plan(overrides={first: self.override, **dict.fromkeys(others, 0.0)})
        if isinstance(self.control, PowerProfileControl):
            # Its plan is where its profiles are placed.
            return Plan()
        return self.planned if self.planned_power(now) is not None else None

    @callback
    def _async_decide(self, now: datetime) -> None:
        """Send what is due, and come back when more may be."""
        if self._decision is not None:
            self._decision()
            self._decision = None
        if self._override_ends is not None and now >= self._override_ends:
            self.override = self._override_ends = None
        due = self.planned.next_boundary(now) if self.planned else self._override_ends
        if self.control is not None and self._is_active:
            if (plan := self._plan_to_follow(now)) is None:
                self._async_release(now)
            else:
                due = earliest((self._async_carry_out(plan, self.control, now), due))
        if due is not None:
            self._decision = async_track_point_in_utc_time(
                self._hass, self._async_decision_due, due
            )

    @callback
    def _async_carry_out(
        self, plan: Plan, control: DeviceControl, now: datetime
    ) -> datetime | None:
        """Send what a plan asks for now, and return when it may ask for more."""
        for instruction in control.instructions(now, plan, random_identifier):
            try:
                self._async_instruct(instruction, now)
            except MessageError as error:
                LOGGER.warning("%s is not told: %s", self.settings.title, error.label)
                break
        return control.next_decision(now, plan)

    @callback
    def _async_release(self, now: datetime) -> None:
        """Leave a device to itself that was told what to do: it would go on with that for ever.

        S2 knows no instruction for this; a device that follows no control type runs as it would alone, and one that
        begins anew has been told nothing.
        """
        control_type = self.control_type
        if not self._is_instructed or self.session is None or control_type is None:
            return
        self._is_instructed = False
        self._give(self.session.select_control_type(ControlType.NO_SELECTION, now), now)
        self._give(self.session.select_control_type(control_type, now), now)

    @callback
    def _async_decision_due(self, now: datetime) -> None:
        self._decision = None
        self._async_act()

    @property
    def _is_active(self) -> bool:
        return self.session is not None and self.session.state is SessionState.ACTIVE

    def _async_instruct(self, instruction: Instruction, now: datetime) -> None:
        """Send an instruction.

        Raises:
            MessageError: it must not be sent now.
        """
        assert self.session is not None
        output = self.session.send_instruction(instruction, now)
        self.last_instruction = SentInstruction(
            instruction=instruction, status=InstructionStatus.NEW, since=now
        )
        self._is_instructed = True
        if self.control is not None:
            self.control.sent(instruction, now)
        self._give(output, now)

    @callback
    def async_send_instruction(self, instruction: Instruction) -> None:
        """Tell the device what a person wants.

        Raises:
            HomeAssistantError: it is not connected, or the instruction makes no sense to it.
        """
        self._require_connected()
        try:
            self._async_instruct(instruction, dt_util.utcnow())
        except MessageError as error:
            raise self._refused(error) from error
        self.listeners.async_call()

    @callback
    def async_select_control_type(self, name: str) -> None:
        """Ask the device to follow another control type, named as people choose it.

        Raises:
            HomeAssistantError: it is not connected, or does not have it.
        """
        session = self._require_connected()
        control_type = ControlType(name.upper())
        now = dt_util.utcnow()
        try:
            output = session.select_control_type(control_type, now)
        except MessageError as error:
            raise self._refused(error) from error
        self._give(output, now)
        self.listeners.async_call()

    def _require_connected(self) -> Session:
        if self.session is None:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="s2_not_connected",
                translation_placeholders={"device": self.settings.title},
            )
        return self.session

    def _refused(self, error: MessageError) -> HomeAssistantError:
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="s2_refused",
            translation_placeholders={"device": self.settings.title, "reason": error.label},
        )
