"""A device that is controlled, without Home Assistant: its actuator, a clock, and a carrier that obeys the engine."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from custom_components.flexmeasures.control import (
    Bounds,
    Command,
    ControlEngine,
    ControlMemory,
    ControlSettings,
    Effect,
    Event,
    FollowingChosen,
    GuardRails,
    Notice,
    NoticeKind,
    Origin,
    Outcome,
    Plan,
    PlanReceived,
    PowerLimits,
    Reading,
    Reported,
    SafePower,
    SafeValue,
    ScaledNumber,
    SetNumber,
    TimePassed,
    Verify,
    Wake,
    Write,
    WriteFinished,
)
from custom_components.flexmeasures.scheduling import Schedule

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
LIMITS = PowerLimits(consumption=5000, production=4000)
BOUNDS = Bounds(-5000, 5000, 1)


# What a device shows after it was told something, from what it showed before.
type Device = Callable[[Reading | None, float], Reading | None]


def plan_of(
    *powers: float | None,
    start: datetime = NOON,
    resolution: timedelta = QUARTER,
    trusted: bool = True,
    expires: datetime | None = None,
) -> Plan:
    """Return a plan with one power (W) per step."""
    schedule = Schedule(
        start=start, resolution=resolution, powers=powers, computed_at=start, schedule_id="job"
    )
    return Plan(schedule=schedule, trusted=trusted, expires=expires)


def settings_of(
    rails: GuardRails | None = None, safe_value: SafeValue | None = None, *, shadow: bool = False
) -> ControlSettings:
    """Return a battery with a number in W; it rests at 0 W when nobody may control it."""
    return ControlSettings(
        actuation=ScaledNumber.watts(),
        limits=LIMITS,
        safe_value=safe_value or SafePower(0.0),
        guard_rails=rails or GuardRails(),
        shadow=shadow,
    )


def obedient(shown: Reading | None, told: float) -> Reading | None:
    """Show what one is told."""
    return told


@dataclass(slots=True, kw_only=True)
class Home:
    """A number entity and the carrier between it and the engine.

    Attributes:
        settings: of the engine.
        now: the clock.
        shown: what the number shows; None while it is unavailable.
        device: what the number shows after it was told something.
        outcome: what becomes of writes.
        answers: whether writes are answered at once; otherwise they stay in ``sent``.
        writes: every write that reached the device, with its time.
        sent_at: when each of those had been sent, which is what guard rails count.
        notices: what people were told.
        verifications: when a fresh reading was asked for.
        watch: called with every write that reaches the device, before it does something.
        waiting_since: when each of ``sent`` was sent.
    """

    settings: ControlSettings = field(default_factory=settings_of)
    now: datetime = NOON
    shown: Reading | None = 1.0
    bounds: Bounds = BOUNDS
    device: Device = obedient
    outcome: Outcome = Outcome.TAKEN
    answers: bool = True
    engine: ControlEngine = field(init=False)
    sent: list[Write] = field(default_factory=list)
    writes: list[tuple[datetime, Write]] = field(default_factory=list)
    sent_at: list[datetime] = field(default_factory=list)
    notices: list[NoticeKind] = field(default_factory=list)
    verifications: list[datetime] = field(default_factory=list)
    alarm: datetime | None = None
    watch: Callable[[Write], None] | None = None
    waiting_since: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart(None)

    def restart(self, memory: ControlMemory | None) -> None:
        """Begin with another engine."""
        self.engine = ControlEngine(self.settings, memory)
        self.alarm = None
        self.forget_sent()
        self.report(Origin.DEVICE)

    def forget_sent(self) -> None:
        """Lose what was sent and has not reached the device."""
        self.sent.clear()
        self.waiting_since.clear()

    def tell(self, event: Event) -> None:
        """Tell the engine, and do what it returns."""
        for effect in self.engine.handle(event, self.now):
            self.obey(effect)
        while self.answers and self.sent:
            self.answer()

    def obey(self, effect: Effect) -> None:
        """Do what the engine asks for."""
        match effect:
            case Write():
                self.sent.append(effect)
                self.waiting_since.append(self.now)
            case Verify():
                self.verifications.append(self.now)
                self.report(Origin.DEVICE)
            case Wake(at):
                self.alarm = at
            case Notice(kind):
                self.notices.append(kind)

    def answer(self) -> None:
        """Carry out the oldest write that was sent, if the engine still allows it."""
        write, sent_at = self.sent.pop(0), self.waiting_since.pop(0)
        if not self.engine.allows(write, self.now):
            self.tell(WriteFinished(write.number, Outcome.DROPPED))
            return
        self.sent_at.append(sent_at)
        if self.watch:
            self.watch(write)
        self.writes.append((self.now, write))
        if self.outcome is Outcome.TAKEN:
            self.show(write.command)
            self.report(Origin.OWN)
        self.tell(WriteFinished(write.number, self.outcome))

    def show(self, command: Command) -> None:
        """Let the device do what it does with a command."""
        assert isinstance(command, SetNumber)
        self.shown = self.device(self.shown, command.value)

    def report(self, origin: Origin) -> None:
        """Report what the number shows."""
        available = self.shown is not None
        self.tell(Reported(self.shown, origin, self.bounds, available=available))

    def change(self, shown: Reading | None, origin: Origin = Origin.FOREIGN) -> None:
        """Let somebody change what the number shows."""
        self.shown = shown
        self.report(origin)

    def plan(self, *powers: float | None) -> None:
        """Let a plan arrive that begins with the present quarter-hour."""
        begun = (self.now - NOON) // QUARTER
        self.tell(PlanReceived(plan_of(*powers, start=NOON + begun * QUARTER)))

    def wait(self, duration: timedelta) -> None:
        """Let time pass; the engine is woken whenever it asked for that."""
        end = self.now + duration
        while self.alarm is not None and self.alarm <= end:
            self.now = max(self.now, self.alarm)
            self.alarm = None
            self.tell(TimePassed())
        self.now = end

    def until(self, minutes: float) -> None:
        """Let time pass until so many minutes after noon."""
        self.wait(NOON + minutes * MINUTE - self.now)

    @property
    def told(self) -> list[tuple[float, float]]:
        """Return minutes after noon and value of every write."""
        return [
            ((time - NOON) / MINUTE, write.command.value)
            for time, write in self.writes
            if isinstance(write.command, SetNumber)
        ]


def following(home: Home, *powers: float) -> Home:
    """Let the home follow a plan of so many quarter-hours."""
    home.plan(*powers)
    home.tell(FollowingChosen(True))
    return home
