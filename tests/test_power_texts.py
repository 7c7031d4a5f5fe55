"""Powers as people write them into one field."""

import pytest

from custom_components.flexmeasures.power_texts import (
    PowerRangesError,
    ProfileError,
    powers_of,
    powers_text,
    ranges_of,
    ranges_text,
)


@pytest.mark.parametrize(
    ("text", "powers"),
    [
        ("2", [2]),
        (" 2 2  0.1 ", [2, 2, 0.1]),
        ("2;0,1;1,5", [2, 0.1, 1.5]),
        ("2, 0.1, 1.5", [2, 0.1, 1.5]),
    ],
)
def test_a_profile_is_read_as_people_write_it(text: str, powers: list[float]) -> None:
    assert powers_of(text) == powers


@pytest.mark.parametrize("text", ["", "2 kW", "2--1"])
def test_a_profile_that_is_no_list_of_numbers_is_refused(text: str) -> None:
    with pytest.raises(ProfileError):
        powers_of(text)


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("0", [(0, 0)]),
        ("0 1.4..7.4", [(0, 0), (1.4, 7.4)]),
        (" 0; 1,4..7,4 ", [(0, 0), (1.4, 7.4)]),
        ("0, 1.4-7.4", [(0, 0), (1.4, 7.4)]),
        ("-5..-1 0 1..5", [(-5, -1), (0, 0), (1, 5)]),
        ("-5--1 -3\u20130 0.5\u20262", [(-5, -1), (-3, 0), (0.5, 2)]),
    ],
)
def test_ranges_are_read_as_people_write_them(text: str, ranges: list[tuple[float, float]]) -> None:
    assert ranges_of(text) == ranges
    assert ranges_of(ranges_text(ranges)) == ranges


@pytest.mark.parametrize(
    "text", ["", "0 kW", "1..", "..2", "1...2", "1..2..3", "0 nan", "0 inf", "0 .5"]
)
def test_what_is_no_number_and_no_range_is_refused(text: str) -> None:
    with pytest.raises(PowerRangesError):
        ranges_of(text)


def test_texts_are_short() -> None:
    assert powers_text([2, 0.1]) == "2 0.1"
    assert ranges_text([(0, 0), (1.4, 7.4)]) == "0 1.4..7.4"
