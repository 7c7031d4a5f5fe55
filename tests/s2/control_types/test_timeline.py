"""Forecasts of any length on a regular grid, and descriptions that hold from a moment on."""

from datetime import timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.s2.control_types import Grid, Timeline
from custom_components.flexmeasures.s2.control_types.timeline import integral, means
from custom_components.flexmeasures.s2.control_types.validity import ValidityQueue

from .samples import MINUTE, NOON, QUARTER, SECOND


def line(*elements: tuple[timedelta, float]) -> Timeline[float]:
    """Return elements from noon on."""
    timeline: Timeline[float] = Timeline()
    timeline.replace_from(NOON, elements, "first")
    return timeline


def test_a_newer_message_replaces_from_its_start_on() -> None:
    timeline = line((QUARTER, 1.0), (QUARTER, 2.0))
    timeline.replace_from(NOON + 10 * MINUTE, [(10 * MINUTE, 5.0)], "second")

    assert [(piece.start, piece.end, piece.value) for piece in timeline] == [
        (NOON, NOON + 10 * MINUTE, 1.0),
        (NOON + 10 * MINUTE, NOON + 20 * MINUTE, 5.0),
    ]
    assert timeline.at(NOON + 20 * MINUTE) is None


def test_changes_are_begins_and_ends() -> None:
    timeline = line((QUARTER, 1.0), (timedelta(0), 9.0), (QUARTER, 2.0))

    assert timeline.next_change(NOON - SECOND) == NOON
    assert timeline.next_change(NOON) == NOON + QUARTER
    assert timeline.next_change(NOON + QUARTER) == NOON + 2 * QUARTER
    assert timeline.next_change(NOON + 2 * QUARTER) is None


def test_what_ended_is_forgotten_and_what_is_revoked_is_gone() -> None:
    timeline = line((QUARTER, 1.0), (QUARTER, 2.0))
    timeline.forget_before(NOON + QUARTER)
    assert [piece.value for piece in timeline] == [2.0]
    assert not timeline.revoke("other")
    assert timeline.revoke("first")
    assert not timeline


@given(
    elements=st.lists(
        st.tuples(st.integers(1, 5000), st.floats(-1e4, 1e4)), min_size=1, max_size=40
    ),
    offset=st.integers(-10_000, 10_000),
    count=st.integers(1, 40),
    minutes=st.sampled_from([1, 5, 15, 60]),
)
def test_a_grid_keeps_the_energy_of_what_it_covers(
    elements: list[tuple[int, float]], offset: int, count: int, minutes: int
) -> None:
    timeline: Timeline[float] = Timeline()
    timeline.replace_from(
        NOON + offset * SECOND,
        [(seconds * SECOND, value) for seconds, value in elements],
        "forecast",
    )
    grid = Grid(NOON, minutes * MINUTE, count)
    covered: Timeline[float] = Timeline()
    covered.replace_from(
        NOON + offset * SECOND, [(seconds * SECOND, 1.0) for seconds, _ in elements], ""
    )

    values = means(timeline, grid)
    energy = 0.0
    for index, value in enumerate(values):
        start = NOON + index * grid.resolution
        seconds = integral(covered, start, start + grid.resolution)
        assert (value is None) == (seconds == 0)
        energy += (value or 0.0) * seconds
    assert energy == pytest.approx(integral(timeline, NOON, grid.end), abs=1e-3)


def test_the_newest_description_that_has_come_is_in_force() -> None:
    queue: ValidityQueue[str] = ValidityQueue()
    queue.add("now", NOON, frozenset({"a"}), NOON)
    queue.add("later", NOON + QUARTER, frozenset({"b", "m"}), NOON)
    queue.add("old", NOON - QUARTER, frozenset({"c"}), NOON)

    assert queue.active(NOON - SECOND) is None
    assert queue.active(NOON) == "now"
    assert queue.next_change(NOON) == NOON + QUARTER
    assert queue.active(NOON + QUARTER) == "later"
    assert queue.next_change(NOON + QUARTER) is None


def test_of_two_descriptions_from_the_same_moment_the_later_one_counts() -> None:
    queue: ValidityQueue[str] = ValidityQueue()
    queue.add("first", NOON, frozenset({"a"}), NOON)
    queue.add("second", NOON, frozenset({"b"}), NOON)

    assert queue.active(NOON) == "second"
    assert not queue.revoke("a", NOON)


def test_nothing_takes_the_place_of_what_was_revoked() -> None:
    queue: ValidityQueue[str] = ValidityQueue()
    queue.add("first", NOON, frozenset({"a"}), NOON)
    queue.add("second", NOON + QUARTER, frozenset({"b", "m"}), NOON)

    assert queue.revoke("m", NOON + QUARTER)
    assert queue.active(NOON + QUARTER) is None


def test_a_device_that_never_stops_sending_fills_no_memory() -> None:
    queue: ValidityQueue[int] = ValidityQueue()
    timeline: Timeline[float] = Timeline()
    for index in range(1500):
        queue.add(index, NOON + index * SECOND, frozenset({str(index)}), NOON)
        timeline.replace_from(NOON + index * SECOND, [(MINUTE, 1.0)], "message")

    assert sum(queue.revoke(str(index), NOON) for index in range(1500)) == 16
    assert len(list(timeline)) == 1001
