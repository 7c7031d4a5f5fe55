"""One S2 device of a site: its session, and what it says becomes known."""

from collections.abc import Callable, Iterable, Mapping
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
)
from .s2.control_types import (
    DeviceControl,
    NoControl,
    PowerEnvelopeControl,
    PowerProfileControl,
    Span,
    TakenEnergy,
    Timeline,
    control_for,
)
from .s2.messages import ddbc, frbc, ombc
from .s2.messages.components import ControlType, Message
from .s2.messages.session import (
    InstructionStatus,
    InstructionStatusUpdate,
    PowerMeasurement,
    ReceptionStatusValue,
    ResourceManagerDetails,
)
from .s2_conversation import Conversation
from .s2_instructor import S2Instructor, refusal
from .s2_pace import S2Pace
from .s2_settings import S2Settings

_NO_POWERS: Final[Mapping[str, Span]] = {}
# What a device tells all the time, and no plan is made from; a fill level is compared with the plan's expectation.
_STATUSES: Final = (
    PowerMeasurement,
    InstructionStatusUpdate,
    ddbc.ActuatorStatus,
    ddbc.PresentDemandStatus,
    ddbc.TimerStatus,
    frbc.ActuatorStatus,
    frbc.StorageStatus,
    frbc.TimerStatus,
    ombc.Status,
    ombc.TimerStatus,
)


class S2Device:
    """A device that speaks S2, also while it is away.

    When its session fails it runs on its own, is shown as not connected, and may come back at any time.

    Attributes:
        details: what it said of itself last; kept while it is away.
        observation: what it measures and how it runs; empty while it is away.
        instructor: what it is told.
        conversation: the last texts of its sessions.
        described: how often it told something that a plan takes up.
        stores_energy: whether it ever told that it does, and how much.
        lacks_sensors: whether its sensors in FlexMeasures could not be created; what is under way is no lack.
    """

    def __init__(self, hass: HomeAssistant, settings: S2Settings) -> None:
        """Begin with a device that is not connected."""
        self._hass = hass
        self.settings = settings
        self.listeners = Listeners()
        self.details: ResourceManagerDetails | None = None
        self.observation = Observation(capacity_per_unit=settings.capacity_per_unit)
        self.conversation = Conversation()
        self.session: Session | None = None
        self.control: DeviceControl | None = None
        self.instructor = S2Instructor(hass, self)
        self.described = 0
        self._powers_of: tuple[object, ...] = ()
        self._powers: Mapping[str, Span] = {}
        self._prices: Timeline[float] = Timeline()
        self._taken = TakenEnergy()
        self.stores_energy = False
        self.lacks_sensors = False
        self._send: Callable[[tuple[str, ...]], None] | None = None
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

    @property
    def is_active(self) -> bool:
        """Whether it follows a control type now."""
        return self.session is not None and self.session.state is SessionState.ACTIVE

    @property
    def can_be_told(self) -> bool:
        """Whether it follows a control type that can be led, and described what it can do."""
        return (
            self.is_active
            and self.observation.is_described
            and self.control is not None
            and not isinstance(self.control, NoControl)
        )

    @property
    def takes_power(self) -> bool | None:
        """Whether it can be told a power in W: a programme only begins and pauses; None while it follows nothing."""
        if self.control is None:
            return None
        return not isinstance(self.control, NoControl | PowerProfileControl)

    @property
    def powers(self) -> Mapping[str, Span]:
        """The W between which each actuator can be led, consumption positive; nothing while that is not known.

        The same object until something is described anew, but for at most a minute: a description may begin to hold.
        """
        if self.control is None:
            return _NO_POWERS
        now = dt_util.utcnow()
        key = (self.control, self.described, now.replace(second=0, microsecond=0))
        if key != self._powers_of:
            self._powers_of, self._powers = key, self.control.powers(now)
        return self._powers

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
        if self.details is not None and self.details.resource_id != details.resource_id:
            self._taken = TakenEnergy()
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
        self.instructor.async_decide(dt_util.utcnow())
        self.listeners.async_call()

    def _take(self, event: Event, now: datetime) -> None:
        match event:
            case ControlTypeActivated():
                self.control = control_for(
                    event.control_type, self.settings.control_options, self._taken
                )
                self._tell_prices(now)
            case ControlTypeDeactivated():
                self._leave_control_type()
            case ControlTypeRefused():
                LOGGER.warning(
                    "%s does not want to follow %s", self.settings.title, event.control_type
                )
            case InstructionAnswered():
                self._answered(event, now)
            case InstructionRevoked():
                self.instructor.note(event.instruction.id, InstructionStatus.REVOKED, now)
            case Closed():
                self._async_disconnected()
            case Identified() | VersionChosen():
                pass
            case _:
                self._hear(event, now)

    def _hear(self, message: Message, now: datetime) -> None:
        self.observation.receive(message, now)
        self.stores_energy = self.stores_energy or self.observation.stored_energy is not None
        if not isinstance(message, _STATUSES):
            self.described += 1
        if isinstance(message, PowerMeasurement):
            self._async_watch_silence()
            if not isinstance(self.control, PowerEnvelopeControl):
                # What it takes while it is let go counts as well.
                self._taken.receive(message)
        if isinstance(message, InstructionStatusUpdate):
            self.instructor.note(message.instruction_id, message.status_type, now)
        if self.control is not None:
            for identifier in self.control.receive(message, now):
                self.instructor.revoke(identifier, now)

    def _answered(self, event: InstructionAnswered, now: datetime) -> None:
        if event.status in {None, ReceptionStatusValue.OK}:
            return
        self.instructor.note(event.instruction.id, InstructionStatus.REJECTED, now)
        if self.control is not None:
            temporary = event.status is ReceptionStatusValue.TEMPORARY_ERROR
            self.control.refused(event.instruction.id, now, temporary=temporary)

    def give(self, output: Output, now: datetime) -> None:
        """Send what a session says by our own will, and take what that means."""
        assert self._send is not None
        self._send(output.texts)
        for event in output.events:
            self._take(event, now)

    def _leave_control_type(self) -> None:
        self.control = None
        self.observation.leave_control_type()
        self.instructor.async_begin_anew()

    @callback
    def _async_disconnected(self) -> None:
        self.session = None
        self._send = None
        self._leave_control_type()
        self.observation.forget()
        self._taken.interrupt()
        self.async_cancel_timers()

    @callback
    def async_cancel_timers(self) -> None:
        """Wait for nothing any more."""
        self._pace.async_forget(self._async_changed)
        self.instructor.async_cancel()
        if self._silence is not None:
            self._silence()
            self._silence = None

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
    def async_when_it_stores(self, act: Callable[[], None]) -> CALLBACK_TYPE:
        """Act once it is known that the device stores energy, unless the callable returned is called before."""
        return self.listeners.async_once(lambda: self.stores_energy, act)

    @callback
    def async_tell_prices(self, prices: Timeline[float], now: datetime) -> None:
        """Let a device know what a kWh costs where it is placed, or left room, by that; others have no use for it."""
        self._prices = prices
        self._tell_prices(now)
        if isinstance(self.control, PowerProfileControl):
            self.instructor.async_decide(now)
            self.listeners.async_call()

    def _tell_prices(self, now: datetime) -> None:
        if isinstance(self.control, PowerProfileControl | PowerEnvelopeControl):
            self.control.set_prices(self._prices, now)

    @callback
    def async_select_control_type(self, name: str) -> None:
        """Ask the device to follow another control type, named as people choose it.

        Raises:
            HomeAssistantError: it is not connected, or does not have it.
        """
        session = self.require_session()
        control_type = ControlType(name.upper())
        now = dt_util.utcnow()
        try:
            output = session.select_control_type(control_type, now)
        except MessageError as error:
            raise refusal(self.settings.title, error) from error
        self.give(output, now)
        self.listeners.async_call()

    def require_session(self) -> Session:
        """Return the session.

        Raises:
            HomeAssistantError: it is not connected.
        """
        if self.session is None:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="s2_not_connected",
                translation_placeholders={"device": self.settings.title},
            )
        return self.session
