"""Rules A11 to A17 for envelopes."""

from datetime import timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.s2.control_types import Contribution, Grid, Plan
from custom_components.flexmeasures.s2.messages import pebc
from custom_components.flexmeasures.s2.messages.session import (
    InstructionStatus,
    RevokableObject,
)

from ..samples import (
    HOUR,
    MINUTE,
    NOON,
    QUARTER,
    SECOND,
    ids,
    plan,
    revoke,
    schedule,
    status_update,
)
from .envelopes import DEFER, SENSORS, VANISH, constraints, device, energy, limits, panels


def test_a11_later_constraints_wait_and_then_need_envelopes_of_their_own() -> None:
    control = panels(-1000, -1000)
    control.receive(
        constraints(
            VANISH, [(0, 0)], [(-400, 0)], valid_from=NOON + QUARTER, constraints_id="later"
        ),
        NOON,
    )
    (instruction,) = control.instructions(NOON, plan(-500, -500, actuator_id=""), ids())
    control.sent(instruction, NOON)
    (following,) = control.instructions(NOON + QUARTER, plan(-500, -300, actuator_id=""), ids())

    assert (instruction.power_constraints_id, following.power_constraints_id) == (
        "constraints",
        "later",
    )
    assert control.next_decision(NOON, Plan()) == NOON + QUARTER


@pytest.mark.parametrize("object_id", ["constraints", "constraints message"])
def test_a12_revoked_constraints_take_their_instruction_with_them(object_id: str) -> None:
    control = panels(-1000)
    (instruction,) = control.instructions(NOON, plan(-500, actuator_id=""), ids())
    control.sent(instruction, NOON)
    revoked = control.receive(revoke(RevokableObject.PEBC_POWER_CONSTRAINTS, object_id), NOON)

    assert revoked == ("i1",)
    assert limits(control, -400) == []
    assert control.contribution(SENSORS, Grid(NOON, QUARTER, 1), NOON) == Contribution()


def test_a13_a_refused_instruction_is_not_repeated_at_once() -> None:
    control = panels(-1000)
    (instruction,) = control.instructions(NOON, plan(-500, actuator_id=""), ids())
    control.sent(instruction, NOON)
    control.refused("i1", NOON, temporary=True)

    assert limits(control, -500, now=NOON + 4 * SECOND) == []
    assert control.next_decision(NOON, Plan()) == NOON + 5 * SECOND
    (instruction,) = control.instructions(
        NOON + 5 * SECOND, plan(-500, actuator_id=""), ids("second-")
    )
    control.sent(instruction, NOON + 5 * SECOND)
    control.receive(
        status_update(instruction.id, InstructionStatus.REJECTED),
        NOON + 5 * SECOND,
    )
    assert limits(control, -500, now=NOON + 64 * SECOND) == []
    assert limits(control, -500, now=NOON + 65 * SECOND) != []
    control.refused("unknown", NOON, temporary=False)


def test_a13_what_is_over_is_not_revoked() -> None:
    control = panels(-1000)
    (instruction,) = control.instructions(NOON, plan(-500, actuator_id=""), ids())
    control.sent(instruction, NOON)
    control.receive(
        status_update("i1", InstructionStatus.SUCCEEDED),
        NOON,
    )

    assert control.deactivate() == ()


def test_a16_limits_for_abnormal_conditions_need_permission() -> None:
    ranges = constraints(VANISH, [(0, 0)], [(-5000, -2000), (-2000, 0)], abnormal=((-2000, 0),))
    wanted = plan(-500, actuator_id="")
    (normal,) = device(ranges).instructions(NOON, wanted, ids())
    (abnormal,) = device(ranges, abnormal_conditions=True).instructions(NOON, wanted, ids())

    assert normal.power_envelopes[0].power_envelope_elements[0].lower_limit == -2000
    assert not normal.abnormal_condition
    assert abnormal.power_envelopes[0].power_envelope_elements[0].lower_limit == -500
    assert abnormal.abnormal_condition


def test_a17_an_envelope_ends_with_its_constraints() -> None:
    control = device(constraints(VANISH, [(0, 0)], [(-5000, 0)], valid_until=NOON + 20 * MINUTE))

    assert limits(control, -500, -700, -900) == [(15, 0, -500), (5, 0, -700)]
    assert limits(control, -500, -700, now=NOON + 20 * MINUTE) == []
    assert control.next_decision(NOON + QUARTER, Plan()) == NOON + 20 * MINUTE


def test_a17_an_envelope_has_at_most_288_elements() -> None:
    control = device(constraints(VANISH, [(0, 0)], [(-5000, 0)]))
    powers = [-500.0 - index % 2 for index in range(400)]

    assert len(limits(control, *powers)) == 288


@st.composite
def bands(draw: st.DrawFn, low: int, high: int) -> list[tuple[float, float]]:
    """Return one to three bands of allowed limits that may touch or overlap."""
    pairs = draw(
        st.lists(st.tuples(st.integers(low, high), st.integers(low, high)), min_size=1, max_size=3)
    )
    return [(float(min(pair)), float(max(pair))) for pair in pairs]


@given(
    uppers=bands(-2000, 8000),
    lowers=bands(-8000, 2000),
    powers=st.lists(st.none() | st.integers(-9000, 9000), min_size=1, max_size=12),
    consequence=st.sampled_from(list(pebc.PowerEnvelopeConsequenceType)),
    average=st.integers(-4000, 8000),
    lower_average=st.integers(-8000, 0),
    hours=st.integers(1, 6),
    offset=st.integers(0, 1800),
    until=st.none() | st.integers(1, 20_000),
)
def test_a17_every_envelope_keeps_its_rules(
    uppers: list[tuple[float, float]],
    lowers: list[tuple[float, float]],
    powers: list[int | None],
    consequence: pebc.PowerEnvelopeConsequenceType,
    average: int,
    lower_average: int,
    hours: int,
    offset: int,
    until: int | None,
) -> None:
    valid_until = None if until is None else NOON + until * SECOND
    window = energy(average, NOON + hours * HOUR, lower=lower_average)
    control = device(constraints(consequence, uppers, lowers, valid_until=valid_until), window)
    now = NOON + offset * SECOND
    wanted = Plan(schedules={"": schedule(*powers)})
    for instruction in control.instructions(now, wanted, ids()):
        (envelope,) = instruction.power_envelopes
        elements = envelope.power_envelope_elements
        assert 1 <= len(elements) <= 288
        assert not instruction.abnormal_condition
        end = instruction.execution_time + sum((part.duration for part in elements), timedelta(0))
        assert valid_until is None or end <= valid_until
        for part in elements:
            assert part.duration > timedelta(0)
            assert part.lower_limit <= part.upper_limit
            assert any(low <= part.upper_limit <= high for low, high in uppers)
            assert any(low <= part.lower_limit <= high for low, high in lowers)
        if consequence is DEFER:
            assert_leaves_room(instruction, window, uppers, lowers)


def assert_leaves_room(
    instruction: pebc.Instruction,
    window: pebc.EnergyConstraint,
    uppers: list[tuple[float, float]],
    lowers: list[tuple[float, float]],
) -> None:
    """Assert that both energies stay possible, or else that every limit is at its widest."""
    widest_upper = max(high for _, high in uppers)
    widest_lower = min(low for low, _ in lowers)
    most_consumed, most_produced = max(0.0, widest_upper), max(0.0, -widest_lower)
    start = instruction.execution_time
    consumed = produced = 0.0
    inside = []
    for part in instruction.power_envelopes[0].power_envelope_elements:
        end = start + part.duration
        seconds = max(0.0, (min(end, window.valid_until) - start).total_seconds())
        consumed += max(0.0, part.upper_limit) * seconds
        produced += max(0.0, -part.lower_limit) * seconds
        inside += [part] if seconds else []
        start = end
    rest = max(0.0, (window.valid_until - start).total_seconds())
    length = (window.valid_until - window.valid_from).total_seconds()
    needed = max(0.0, window.upper_average_power * length)
    given_back = max(0.0, -window.lower_average_power * length)

    assert consumed + most_consumed * rest >= needed - 0.01 or all(
        part.upper_limit == widest_upper for part in inside
    )
    assert produced + most_produced * rest >= given_back - 0.01 or all(
        part.lower_limit == widest_lower for part in inside
    )
