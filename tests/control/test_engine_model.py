"""Whatever happens to a controlled device, what it is told is the plan, a person's wish, or the safe value."""

from datetime import datetime, timedelta
import json
from typing import override

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from custom_components.flexmeasures.control import (
    ControlEngine,
    ControlMemory,
    ControlResumed,
    ControlStatus,
    FollowingChosen,
    GuardRails,
    Inputs,
    InputsChanged,
    Mode,
    ModeChosen,
    Origin,
    Outcome,
    OverrideCleared,
    OverrideSet,
    PlanReceived,
    Reading,
    Released,
    SetNumber,
    ShadowChosen,
    Write,
)
from custom_components.flexmeasures.control.actuation import same_number

from .home import (
    LIMITS,
    MINUTE,
    NOON,
    QUARTER,
    SECOND,
    Device,
    Home,
    obedient,
    plan_of,
    settings_of,
)
from .model import SAFE, ControlModel

CAP = 30
DWELL = timedelta(seconds=20)
DAY = timedelta(days=1)
# What the device takes at most while it clamps.
CLAMP = 1500.0

mostly = st.sampled_from([True, True, True, False])
rarely = mostly.map(lambda truth: not truth)
powers = st.integers(-60, 60).map(lambda tens: tens * 100.0)


def deaf(shown: Reading | None, told: float) -> Reading | None:
    """Take nothing."""
    return shown


def clamping(shown: Reading | None, told: float) -> Reading | None:
    """Take less than one was told."""
    return max(-CLAMP, min(CLAMP, told))


class ControlMachine(RuleBasedStateMachine):
    """A device whose plans, people, automations, inputs, faults and restarts come in any order."""

    def __init__(self) -> None:
        """Begin without plan and without control."""
        super().__init__()
        self.model = ControlModel()
        self.plans = 0
        self.shadow = False
        self.left_alone_since: datetime | None = None
        self.is_drifted = False

    @initialize(retries=st.integers(0, 3), minimum_on=st.sampled_from([0, 10]), following=mostly)
    def begin(self, retries: int, minimum_on: int, following: bool) -> None:
        """Take a device with any rails."""
        rails = GuardRails(
            deadband=0,
            minimum_dwell=DWELL,
            minimum_on=minimum_on * MINUTE,
            retries=retries,
            writes_per_day=CAP,
        )
        self.home = Home(settings=settings_of(rails), shown=SAFE, watch=self.check)
        self.follow(following)

    @property
    def engine(self) -> ControlEngine:
        """Return the engine that lives now."""
        return self.home.engine

    # What happens

    @rule(seconds=st.integers(1, 90))
    def let_seconds_pass(self, seconds: int) -> None:
        """Let a short time pass."""
        self.home.wait(seconds * SECOND)

    @rule(minutes=st.integers(2, 400))
    def let_minutes_pass(self, minutes: int) -> None:
        """Let a long time pass."""
        self.home.wait(minutes * MINUTE)

    @rule(
        values=st.lists(st.none() | powers, min_size=1, max_size=6),
        begins_in=st.integers(-1, 1),
        trusted=mostly,
        expires_in=st.none() | st.integers(1, 60),
    )
    def receive_plan(
        self, values: list[float | None], begins_in: int, trusted: bool, expires_in: int | None
    ) -> None:
        """Let another plan arrive."""
        step = NOON + ((self.home.now - NOON) // QUARTER + begins_in) * QUARTER
        expires = None if expires_in is None else self.home.now + expires_in * MINUTE
        self.model.plan = plan_of(*values, start=step, trusted=trusted, expires=expires)
        self.plans += 1
        self.home.tell(PlanReceived(self.model.plan))

    @rule()
    def lose_plan(self) -> None:
        """Let the plan be taken back."""
        self.model.plan = None
        self.plans += 1
        self.home.tell(PlanReceived(None))

    @rule(following=mostly)
    def follow(self, following: bool) -> None:
        """Turn the switch."""
        self.model.following = following
        self.model.mode, self.model.override, self.left_alone_since = Mode.SCHEDULE, None, None
        self.home.tell(FollowingChosen(following))

    @rule(mode=st.sampled_from([Mode.SCHEDULE] * 4 + list(Mode)), power=powers)
    def choose_mode(self, mode: Mode, power: float) -> None:
        """Choose a mode; one that is over at once leaves the schedule."""
        self.model.manual, self.model.override = LIMITS.clamp(power), None
        self.left_alone_since = None
        self.model.mode = mode
        self.model.end_mode()
        self.home.tell(ModeChosen(mode, power))

    @rule(power=powers, minutes=st.none() | st.integers(1, 40))
    def override_power(self, power: float, minutes: int | None) -> None:
        """Set the power, with or without an end."""
        until = None if minutes is None else self.home.now + minutes * MINUTE
        self.left_alone_since = None
        self.model.override = (power, until)
        if until is None and self.model.following:
            self.model.override = (power, self.model.block_end(self.home.now))
        self.home.tell(OverrideSet(power, until))

    @rule()
    def clear_override(self) -> None:
        """Take an override back."""
        self.model.override = None
        self.home.tell(OverrideCleared())

    @rule()
    def resume(self) -> None:
        """Give control back."""
        self.left_alone_since = None
        self.home.tell(ControlResumed())

    @rule(shadow=st.sampled_from([False, False, True]))
    def choose_shadow(self, shadow: bool) -> None:
        """Go into the shadow or out of it."""
        self.shadow = shadow
        self.home.tell(ShadowChosen(shadow))

    @rule(
        live=st.booleans(),
        unmet=st.booleans(),
        charged=st.booleans(),
        discharged=st.booleans(),
        seconds=st.none() | st.integers(1, 60),
    )
    def change_inputs(
        self,
        live: bool,
        unmet: bool,
        charged: bool,
        discharged: bool,
        seconds: int | None = None,
    ) -> None:
        """Know more or less of the device, for a moment or for longer."""
        is_silent = not live and seconds is not None
        self.model.inputs = Inputs(
            live=live,
            bridged_until=self.home.now + seconds * SECOND if is_silent and seconds else None,
            unmet_conditions=frozenset({"plugged in"} if unmet else ()),
            charged=charged,
            discharged=discharged,
        )
        self.model.end_mode()
        self.home.tell(InputsChanged(self.model.inputs))

    @rule(value=st.integers(6000, 9000))
    def somebody_changes(self, value: int) -> None:
        """Let a person or another automation set the number, far from what anybody plans."""
        if self.home.shown is None or self.home.shown == value:
            return
        if self.model.expected(self.home.now) and not self.shadow:
            self.left_alone_since = self.home.now
        self.home.change(float(value))

    @rule(value=st.integers(6000, 9000))
    def device_changes(self, value: int) -> None:
        """Let the device change by itself."""
        if self.home.shown is not None:
            self.is_drifted = True
            self.home.change(float(value), Origin.DEVICE)

    @rule(is_away=rarely, value=st.sampled_from([0.0, 1000.0]))
    def come_or_go(self, is_away: bool, value: float) -> None:
        """Let the device leave or come back."""
        if is_away != (self.home.shown is None):
            self.is_drifted = False
            self.home.change(None if is_away else value, Origin.DEVICE)

    @rule(device=st.sampled_from([obedient, obedient, deaf, clamping]))
    def behave(self, device: Device) -> None:
        """Let the device take values in another way."""
        self.home.device = device

    @rule(outcome=st.sampled_from([Outcome.TAKEN, Outcome.TAKEN, Outcome.FAILED, Outcome.REFUSED]))
    def fail(self, outcome: Outcome) -> None:
        """Let writes fail or succeed."""
        self.home.outcome = outcome

    @rule(answers=mostly)
    def hang(self, answers: bool) -> None:
        """Let writes wait for being carried out, or carry out what waits."""
        self.home.answers = answers
        while answers and self.home.sent:
            self.home.answer()

    @rule(knows_plan=st.booleans())
    def restart(self, knows_plan: bool) -> None:
        """Go on in a new engine with what was stored; what was under way is gone."""
        home = self.home
        stored = json.loads(json.dumps(self.engine.memory().to_json()))
        home.engine = ControlEngine(home.settings, ControlMemory.from_json(stored))
        home.forget_sent()
        home.alarm = None
        self.plans = 0
        if self.left_alone_since and self.engine.suspended_until is None:
            self.left_alone_since = None
        home.tell(ShadowChosen(self.shadow))
        home.tell(InputsChanged(self.model.inputs))
        if not knows_plan:
            self.model.plan = None
        elif self.model.plan:
            self.plans = 1
            home.tell(PlanReceived(self.model.plan))
        home.report(Origin.DEVICE)

    # What must hold

    def check(self, write: Write) -> None:
        """Say what is wrong with a write that reaches the device now."""
        assert isinstance(write.command, SetNumber)
        now = self.home.now
        *earlier, sent_at = self.home.sent_at
        expected = self.model.expected(now)
        if not write.is_safe:
            expected = self.model.goes_on(now) or expected
        self.is_drifted = False
        is_safe = expected is None or self.shadow or expected[1]
        # One that was on its way may have become the safe value meanwhile, or the other way round: the value counts.
        assert write.is_safe is is_safe or write.command.value == SAFE
        assert write.generation <= self.plans
        if write.is_safe:
            assert write.command.value == SAFE
        else:
            assert expected is not None
            assert self.is_value(write.command.value, expected[0])
            if self.home.writes:
                _, other = self.home.writes[-1]
                assert other.command == write.command or sent_at - earlier[-1] >= DWELL
        if self.left_alone_since is not None:
            assert now - self.left_alone_since >= MINUTE
        assert sum(time > sent_at - DAY for time in earlier) < CAP

    @staticmethod
    def is_value(value: float, expected: float) -> bool:
        """Tell whether a value is what is expected, also on a device that takes less."""
        return same_number(expected, value, 1) or value == clamping(None, expected)

    @invariant()
    def the_device_has_what_it_should_have(self) -> None:
        """Look at the device while the engine believes that all is well."""
        if not hasattr(self, "home") or self.home.shown is None or self.is_drifted:
            return
        expected = self.model.expected(self.home.now)
        match self.engine.status:
            case ControlStatus.FOLLOWING:
                expected = self.model.goes_on(self.home.now) or expected
                assert expected is not None
                assert self.is_value(float(self.home.shown), expected[0])
            case ControlStatus.SAFE:
                assert self.home.shown == SAFE
            case ControlStatus.IDLE:
                assert expected is None
                assert not self.engine.memory().engaged
            case ControlStatus.SHADOW:
                assert self.shadow
            case _:
                pass

    @override
    def teardown(self) -> None:
        """Let everything be well again: the device follows, and is safe when control ends."""
        if not hasattr(self, "home"):
            return
        home = self.home
        home.device, home.outcome = obedient, Outcome.TAKEN
        self.hang(True)
        self.come_or_go(False, 0.0)
        self.choose_shadow(False)
        self.change_inputs(True, False, False, False)
        self.follow(False)
        home.wait(25 * 60 * MINUTE)
        self.follow(True)
        self.receive_plan([1234.0, 1234.0], 0, True, None)
        home.wait(2 * MINUTE)
        assert home.shown == 1234.0
        assert self.engine.status is ControlStatus.FOLLOWING
        self.model.is_released = True
        home.tell(Released())
        assert home.shown == SAFE


TestControlMachine = ControlMachine.TestCase
TestControlMachine.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
