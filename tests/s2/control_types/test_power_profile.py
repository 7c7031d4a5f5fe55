"""Programmes that can be shifted: where they are placed and what the device is told."""

from datetime import datetime, timedelta
from itertools import product

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.flexmeasures.s2.control_types import (
    Contribution,
    Finding,
    Grid,
    Placement,
    Plan,
    PowerProfileControl,
    Sensors,
    SeriesKind,
    Timeline,
)
from custom_components.flexmeasures.s2.control_types.profile_search import (
    Alternative,
    Load,
    PriceLine,
    Search,
    cheapest,
)
from custom_components.flexmeasures.s2.messages import ppbc
from custom_components.flexmeasures.s2.messages.session import (
    InstructionStatus,
    InstructionStatusUpdate,
    RevokableObject,
)

from .samples import MINUTE, NOON, QUARTER, SECOND, foreseen, ids, revoke

HOUR = timedelta(hours=1)
SENSORS = Sensors(power={"": 1}, series={SeriesKind.CONSUMPTION_FORECAST: 2})
STATUS = ppbc.PowerSequenceStatus


def sequence(
    sequence_id: str,
    *loads: tuple[float, float],
    pause: float | None = None,
    interruptible: bool = False,
    abnormal: bool = False,
) -> ppbc.PowerSequence:
    """Return a sequence of loads in minutes and W, with the longest pause before it in minutes."""
    return ppbc.PowerSequence(
        id=sequence_id,
        elements=tuple(
            ppbc.PowerSequenceElement(duration=minutes * MINUTE, power_values=foreseen(watts))
            for minutes, watts in loads
        ),
        is_interruptible=interruptible,
        abnormal_condition_only=abnormal,
        max_pause_before=None if pause is None else pause * MINUTE,
    )


def programme(
    *containers: tuple[ppbc.PowerSequence, ...],
    start: datetime = NOON,
    end: datetime = NOON + 6 * HOUR,
) -> ppbc.PowerProfileDefinition:
    """Return a programme with containers c1, c2 and so on."""
    return ppbc.PowerProfileDefinition(
        message_id="definition",
        id="programme",
        start_time=start,
        end_time=end,
        power_sequences_containers=tuple(
            ppbc.PowerSequenceContainer(id=f"c{index}", power_sequences=sequences)
            for index, sequences in enumerate(containers, 1)
        ),
    )


def status(
    container_id: str,
    value: ppbc.PowerSequenceStatus,
    sequence_id: str | None = None,
    progress: timedelta | None = None,
) -> ppbc.PowerProfileStatus:
    """Return how far a container is."""
    return ppbc.PowerProfileStatus(
        message_id="status",
        sequence_container_status=(
            ppbc.PowerSequenceContainerStatus(
                power_profile_id="programme",
                sequence_container_id=container_id,
                status=value,
                selected_sequence_id=sequence_id,
                progress=progress,
            ),
        ),
    )


def prices(*parts: tuple[float, float], start: datetime = NOON) -> Timeline[float]:
    """Return prices: hours and price of a kWh."""
    timeline: Timeline[float] = Timeline()
    timeline.replace_from(start, [(hours * HOUR, price) for hours, price in parts], "prices")
    return timeline


def told(
    control: PowerProfileControl, now: datetime = NOON, plan: Plan | None = None
) -> list[tuple[str, str, datetime]]:
    """Return container, sequence and time of every instruction."""
    return [
        (part.sequence_container_id, part.power_sequence_id, part.execution_time)
        for part in control.instructions(now, plan or Plan(), ids())
    ]


def send(control: PowerProfileControl, now: datetime = NOON, plan: Plan | None = None) -> None:
    """Send whatever is to be sent."""
    for instruction in control.instructions(now, plan or Plan(), ids()):
        control.sent(instruction, now)


WASH = sequence("wash", (30, 2000))
RINSE = sequence("rinse", (15, 500), pause=60)


def dishwasher(*parts: tuple[float, float]) -> PowerProfileControl:
    """Return a dishwasher that washes and rinses, at prices that fall for the fourth hour."""
    control = PowerProfileControl()
    control.set_prices(prices(*(parts or ((3, 0.4), (1, 0.1), (2, 0.3)))), NOON)
    control.receive(programme((WASH,), (RINSE,)), NOON)
    return control


def test_a_programme_runs_when_it_is_cheapest() -> None:
    assert told(dishwasher()) == [
        ("c1", "wash", NOON + 3 * HOUR),
        ("c2", "rinse", NOON + 3 * HOUR + 30 * MINUTE),
    ]


def test_the_cheapest_of_alternatives_is_taken() -> None:
    control = PowerProfileControl()
    control.receive(programme((sequence("fast", (30, 3000)), sequence("eco", (120, 600)))), NOON)

    # 1.5 kWh against 1.2 kWh.
    assert told(control) == [("c1", "eco", NOON)]


def test_what_was_said_is_not_said_again_until_prices_change_it() -> None:
    control = dishwasher()
    send(control)
    assert told(control) == []

    control.set_prices(prices((1, 0.4), (1, 0.1), (4, 0.3)), NOON)
    assert told(control) == [
        ("c1", "wash", NOON + HOUR),
        ("c2", "rinse", NOON + HOUR + 30 * MINUTE),
    ]


def test_what_it_would_have_cost_to_begin_at_once_is_known_from_the_first_prices_on() -> None:
    """1 kWh for 0.40 from noon on, and 0.125 kWh right after it."""
    control = dishwasher((0.5, 0.4), (0.25, 0.8), (3, 0.1))
    assert control.price_at_once == pytest.approx((1 * 0.4 + 0.125 * 0.8) / 1.125)

    control.set_prices(prices((4, 0.1), start=NOON + HOUR), NOON + HOUR)
    assert control.price_at_once == pytest.approx((1 * 0.4 + 0.125 * 0.8) / 1.125)
    over = NOON + 2 * HOUR
    control.receive(status("c1", STATUS.FINISHED, "wash"), over)
    control.receive(status("c2", STATUS.FINISHED, "rinse"), over)
    assert control.price_at_once is None


def test_without_prices_nobody_knows_what_to_begin_at_once_costs() -> None:
    control = PowerProfileControl()
    assert control.price_at_once is None
    control.receive(programme((WASH,)), NOON)
    assert control.price_at_once is None

    # One that had begun by the first prices has nothing to be compared with.
    control.receive(status("c1", STATUS.EXECUTING, "wash", 0 * MINUTE), NOON)
    control.set_prices(prices((6, 0.4)), NOON)
    assert control.price_at_once is None


def test_a12_a_revoked_programme_takes_its_instructions_with_it() -> None:
    control = dishwasher()
    send(control)

    assert control.receive(revoke(RevokableObject.PPBC_POWER_PROFILE_DEFINITION, "x"), NOON) == ()
    revoked = control.receive(
        revoke(RevokableObject.PPBC_POWER_PROFILE_DEFINITION, "programme"), NOON
    )
    assert revoked == ("i1", "i2")
    assert told(control) == []


def test_a13_what_has_begun_is_not_revoked() -> None:
    control = dishwasher()
    send(control)
    control.receive(status("c1", STATUS.EXECUTING, "wash", 0 * MINUTE), NOON + 3 * HOUR)

    assert control.deactivate() == ("i2",)


def test_a16_sequences_for_abnormal_conditions_need_permission() -> None:
    definition = programme((sequence("fast", (5, 100), abnormal=True), WASH))
    control = PowerProfileControl()
    control.receive(definition, NOON)
    permitted = PowerProfileControl(abnormal_conditions=True)
    permitted.receive(definition, NOON)

    assert told(control) == [("c1", "wash", NOON)]
    (instruction,) = permitted.instructions(NOON, Plan(), ids())
    assert (instruction.power_sequence_id, instruction.abnormal_condition) == ("fast", True)


def test_a18_a_programme_that_has_only_abnormal_sequences_is_left_alone() -> None:
    control = PowerProfileControl()
    control.receive(programme((sequence("fast", (5, 100), abnormal=True),)), NOON)

    assert told(control) == []


def test_a18_a_pause_lasts_no_longer_than_the_device_bears() -> None:
    control = PowerProfileControl()
    control.set_prices(prices((1, 0.1), (2, 0.5), (0.25, 0.01)), NOON)
    control.receive(programme((WASH,), (RINSE,), end=NOON + 195 * MINUTE), NOON)

    # To rinse for 0.01 would be too long after washing for 0.1.
    assert told(control) == [("c1", "wash", NOON), ("c2", "rinse", NOON + 30 * MINUTE)]


def test_a18_nothing_begins_outside_of_its_window() -> None:
    control = PowerProfileControl()
    control.set_prices(prices((2, 0.1), (4, 0.5)), NOON)
    control.receive(programme((WASH,), start=NOON + HOUR, end=NOON + 2 * HOUR), NOON)

    assert told(control) == [("c1", "wash", NOON + HOUR)]


def test_a18_a_window_that_is_too_short_is_told_and_the_programme_begins_at_once() -> None:
    control = PowerProfileControl()
    control.receive(programme((WASH,), (RINSE,), end=NOON + 40 * MINUTE), NOON)
    found = control.contribution(SENSORS, Grid(NOON, QUARTER, 4), NOON)

    assert told(control) == [("c1", "wash", NOON), ("c2", "rinse", NOON + 30 * MINUTE)]
    assert [(notice.finding, notice.subject) for notice in found.notices] == [
        (Finding.WINDOW_TOO_SHORT, "programme")
    ]


def test_what_has_begun_stays_and_the_rest_follows_it() -> None:
    control = dishwasher((1, 0.1), (5, 0.3))
    send(control)
    # It began a minute late, and is on for 2 of 30 minutes.
    at = NOON + 3 * MINUTE
    control.receive(status("c1", STATUS.EXECUTING, "wash", 2 * MINUTE), at)

    assert told(control, at) == [("c2", "rinse", NOON + 31 * MINUTE)]
    control.receive(status("c1", STATUS.FINISHED, "wash"), NOON + 32 * MINUTE)
    assert told(control, NOON + 32 * MINUTE) == [("c2", "rinse", NOON + 32 * MINUTE)]
    control.receive(status("c2", STATUS.FINISHED, "rinse"), NOON + 50 * MINUTE)
    assert told(control, NOON + 50 * MINUTE) == []
    assert control.placements() == ()


def test_a_status_of_a_programme_that_is_unknown_changes_nothing() -> None:
    control = PowerProfileControl()
    control.receive(status("c1", STATUS.EXECUTING, "wash"), NOON)

    assert control.placements() == ()


def test_a_refused_instruction_is_repeated_after_a_minute() -> None:
    control = dishwasher()
    send(control)
    control.receive(
        InstructionStatusUpdate(
            message_id="u",
            instruction_id="i1",
            status_type=InstructionStatus.REJECTED,
            timestamp=NOON,
        ),
        NOON,
    )

    assert told(control, NOON + 59 * SECOND) == []
    assert control.next_decision(NOON, Plan()) == NOON + MINUTE
    assert told(control, NOON + MINUTE) == [("c1", "wash", NOON + 3 * HOUR)]
    assert control.next_decision(NOON + MINUTE, Plan()) is None


def test_a_person_can_start_it_now() -> None:
    control = dishwasher()
    send(control)
    now = Plan(overrides={"": 1.0})

    assert told(control, NOON, now) == [
        ("c1", "wash", NOON),
        ("c2", "rinse", NOON + 30 * MINUTE),
    ]
    send(control, NOON, now)
    assert told(control, NOON + MINUTE, now) == []
    control.receive(status("c1", STATUS.FINISHED), NOON + 30 * MINUTE)
    control.receive(status("c2", STATUS.FINISHED), NOON + 30 * MINUTE)
    assert told(control, NOON + 30 * MINUTE, now) == []


def test_a_pause_takes_back_what_has_not_begun() -> None:
    control = dishwasher()
    send(control)
    paused = Plan(overrides={"": 0.0})
    assert control.held_back(Plan()) == ()
    assert control.held_back(Plan(overrides={"": 2000.0})) == ()

    assert control.held_back(paused) == ("i1", "i2")
    assert told(control, plan=paused) == []
    assert control.held_back(paused) == ()
    # Afterwards it is told again.
    assert [sequence for _, sequence, _ in told(control)] == ["wash", "rinse"]


def test_a_pause_leaves_what_has_begun_to_the_device() -> None:
    control = dishwasher()
    send(control)
    control.receive(status("c1", STATUS.EXECUTING, "wash", 0 * MINUTE), NOON + 3 * HOUR)

    assert control.held_back(Plan(overrides={"": 0.0})) == ("i2",)


def test_a18_only_what_can_be_interrupted_is_interrupted_and_goes_on_afterwards() -> None:
    control = PowerProfileControl()
    control.receive(programme((sequence("long", (60, 1000), interruptible=True),), (RINSE,)), NOON)
    send(control)
    pause = Plan(overrides={"": 0.0})
    assert told(control, NOON, pause) == []

    control.receive(status("c1", STATUS.EXECUTING, "long", 0 * MINUTE), NOON)
    (interruption,) = control.instructions(NOON + MINUTE, pause, ids())
    assert isinstance(interruption, ppbc.StartInterruptionInstruction)
    assert interruption.power_sequence_id == "long"
    control.sent(interruption, NOON + MINUTE)
    assert told(control, NOON + 2 * MINUTE, pause) == []

    control.receive(status("c1", STATUS.INTERRUPTED, "long", 1 * MINUTE), NOON + 2 * MINUTE)
    (going_on, *_) = control.instructions(NOON + 3 * MINUTE, Plan(), ids())
    assert isinstance(going_on, ppbc.EndInterruptionInstruction)
    control.sent(going_on, NOON + 3 * MINUTE)
    assert not any(
        isinstance(part, ppbc.EndInterruptionInstruction)
        for part in control.instructions(NOON + 4 * MINUTE, Plan(), ids())
    )


def test_a18_what_cannot_be_interrupted_runs_on() -> None:
    control = dishwasher()
    control.receive(status("c1", STATUS.EXECUTING, "wash", 0 * MINUTE), NOON)

    assert told(control, NOON, Plan(overrides={"": 0.0})) == []


def test_a_placed_programme_is_consumption_that_is_given() -> None:
    found = dishwasher((1, 0.4), (5, 0.1)).contribution(SENSORS, Grid(NOON, QUARTER, 8), NOON)
    (series,) = found.series

    assert found.inflexible_consumption == (2,)
    assert series.values == (0, 0, 0, 0, 2, 2, 0.5, 0)


def test_what_runs_counts_from_when_it_began() -> None:
    control = dishwasher()
    control.receive(status("c1", STATUS.EXECUTING, "wash", 10 * MINUTE), NOON + 10 * MINUTE)
    (series,) = control.contribution(SENSORS, Grid(NOON + QUARTER, QUARTER, 2), NOON).series

    assert series.values[0] == 2


def test_without_any_programme_the_forecast_is_nothing() -> None:
    control = PowerProfileControl()
    grid = Grid(NOON, QUARTER, 2)

    assert control.contribution(Sensors(power={}), grid, NOON) == Contribution()
    (series,) = control.contribution(SENSORS, grid, NOON).series
    assert series.values == (0, 0)


def test_a_programme_that_is_over_is_forgotten_when_the_next_one_comes() -> None:
    control = PowerProfileControl()
    control.receive(programme((WASH,), end=NOON + HOUR), NOON)
    later = programme((WASH,), start=NOON + 2 * HOUR)
    control.receive(
        ppbc.PowerProfileDefinition(
            message_id="m",
            id="next",
            start_time=later.start_time,
            end_time=later.end_time,
            power_sequences_containers=later.power_sequences_containers,
        ),
        NOON + HOUR,
    )

    assert len(control.placements()) == 1


def test_durations_off_the_minute_follow_each_other_without_a_gap() -> None:
    control = PowerProfileControl()
    control.receive(
        programme(
            (sequence("a", (7.5, 100)),), (sequence("b", (0.001 / 60 * 12345, 100), pause=0),)
        ),
        NOON,
    )

    assert told(control) == [("c1", "a", NOON), ("c2", "b", NOON + 7.5 * MINUTE)]


def brute_force(search: Search, line: PriceLine, step: timedelta) -> float | None:
    """Return the least cost over all sequences and all starts on the grid; None when nothing fits."""
    slots = (search.latest_end - search.earliest) // step
    best: float | None = None
    choices = [
        [(alternative, slot) for alternative in alternatives for slot in range(slots + 1)]
        for _, alternatives in search.parts
    ]
    for combination in product(*choices):
        end = None
        cost = 0.0
        for alternative, slot in combination:
            start = search.earliest + slot * step
            pause = alternative.longest_pause
            if end is not None and (start < end or (pause is not None and start - end > pause)):
                break
            end = start + alternative.duration
            if end > search.latest_end:
                break
            cost += line.cost(alternative, start)
        else:
            best = cost if best is None else min(best, cost)
    return best


ALTERNATIVES = st.builds(
    lambda number, loads, pause: Alternative(
        f"s{number}",
        tuple(Load(60.0 * minutes, float(watts)) for minutes, watts in loads),
        None if pause is None else pause * MINUTE,
    ),
    st.integers(0, 99),
    st.lists(st.tuples(st.integers(1, 4), st.integers(-500, 3000)), min_size=1, max_size=2),
    st.none() | st.integers(0, 6),
)


@settings(max_examples=100, deadline=None)
@given(
    parts=st.lists(st.lists(ALTERNATIVES, min_size=1, max_size=2), min_size=1, max_size=3),
    slots=st.integers(1, 14),
    values=st.lists(st.integers(-20, 60), min_size=1, max_size=16),
)
def test_the_search_finds_what_brute_force_finds(
    parts: list[list[Alternative]], slots: int, values: list[int]
) -> None:
    line = PriceLine(prices(*((1 / 60, value / 100) for value in values)))
    search = Search(
        parts=[(f"c{index}", alternatives) for index, alternatives in enumerate(parts)],
        earliest=NOON,
        latest_end=NOON + slots * MINUTE,
    )
    found = cheapest(search, line)
    expected = brute_force(search, line, MINUTE)

    assert (found is None) == (expected is None)
    if found is not None:
        assert total(found, line) == pytest.approx(expected, abs=1e-9)
        assert_in_order(found, search)


@settings(max_examples=10, deadline=None)
@given(
    alternatives=st.lists(ALTERNATIVES, min_size=1, max_size=2),
    values=st.lists(st.integers(-20, 60), min_size=1, max_size=48),
)
def test_one_or_two_parts_over_48_slots_are_found_as_well(
    alternatives: list[Alternative], values: list[int]
) -> None:
    line = PriceLine(prices(*((1 / 60, value / 100) for value in values)))
    search = Search(
        parts=[("c1", alternatives), ("c2", alternatives[:1])],
        earliest=NOON,
        latest_end=NOON + 48 * MINUTE,
    )
    found = cheapest(search, line)

    assert found is not None
    assert total(found, line) == pytest.approx(brute_force(search, line, MINUTE), abs=1e-9)


def total(placements: tuple[Placement, ...], line: PriceLine) -> float:
    """Return what placements cost."""
    return sum(line.cost(placement.alternative, placement.start) for placement in placements)


def assert_in_order(placements: tuple[Placement, ...], search: Search) -> None:
    """Assert that parts follow each other within their pauses and the window."""
    end = None
    for placement in placements:
        assert placement.start >= (end or search.earliest)
        pause = placement.alternative.longest_pause
        assert end is None or pause is None or placement.start - end <= pause
        end = placement.end
    assert end is not None
    assert end <= search.latest_end


def test_a18_a_pause_may_be_as_long_as_it_may_and_no_longer() -> None:
    minute = (Load(60, 60_000),)  # 1 kWh
    search = Search(
        parts=[
            ("c1", [Alternative("s", minute)]),
            ("c2", [Alternative("s", minute, longest_pause=2 * MINUTE)]),
        ],
        earliest=NOON,
        latest_end=NOON + 5 * MINUTE,
    )
    line = PriceLine(prices(*((1 / 60, price) for price in (0, 9, 9, 5, 0))))
    found = cheapest(search, line)

    assert found is not None
    assert [placement.start for placement in found] == [NOON, NOON + 3 * MINUTE]
    assert total(found, line) == pytest.approx(5)


def test_equal_costs_take_the_earliest_start() -> None:
    search = Search(
        parts=[("c1", [Alternative("s", (Load(600, 1000),))])],
        earliest=NOON + 30 * SECOND,
        latest_end=NOON + 6 * HOUR,
    )
    found = cheapest(search, PriceLine(Timeline()))

    assert found is not None
    assert found[0].start == NOON + MINUTE


def test_a_window_that_is_over_has_no_placement() -> None:
    search = Search(
        parts=[("c1", [Alternative("s", (Load(600, 1000),))])],
        earliest=NOON,
        latest_end=NOON - MINUTE,
    )

    assert cheapest(search, PriceLine(Timeline())) is None


def test_a_long_window_is_searched_by_the_minute() -> None:
    search = Search(
        parts=[("c1", [Alternative("s", (Load(61.0, 1000),))])],
        earliest=NOON,
        latest_end=NOON + 24 * HOUR,
    )
    found = cheapest(search, PriceLine(prices((12, 0.3), (1 / 60, 0.1), (12, 0.3))))

    assert found is not None
    assert found[0].start == NOON + 12 * HOUR
