"""ISO 8601 durations survive the way there and back."""

from contextlib import suppress
from datetime import timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.client import format_duration, parse_duration

LENGTHS = st.timedeltas(min_value=timedelta(days=-10_000), max_value=timedelta(days=10_000))


@given(LENGTHS)
def test_every_length_survives_the_way_there_and_back(length: timedelta) -> None:
    """Exact to the microsecond."""
    assert parse_duration(format_duration(length)) == length


@given(st.text(max_size=30) | st.from_regex(r"[+-]?P[0-9YMWDTHS.,]{0,12}", fullmatch=True))
def test_any_text_is_a_length_or_a_value_error(text: str) -> None:
    """Never anything else."""
    with suppress(ValueError):
        assert isinstance(parse_duration(text), timedelta)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(), "PT0S"),
        (timedelta(minutes=15), "PT15M"),
        (timedelta(hours=1, minutes=30), "PT1H30M"),
        (timedelta(days=1), "PT24H"),
        (timedelta(seconds=0.25), "PT0.25S"),
        (timedelta(hours=-1), "-PT1H"),
    ],
)
def test_lengths_are_written_without_days(length: timedelta, text: str) -> None:
    """A calendar day may have 23 hours; 24 hours never do."""
    assert format_duration(length) == text


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P0D", timedelta()),
        ("P1W", timedelta(weeks=1)),
        ("P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("PT0.5H", timedelta(minutes=30)),
        ("PT1,5S", timedelta(seconds=1.5)),
        ("-PT5M", timedelta(minutes=-5)),
    ],
)
def test_the_servers_spellings_are_read(text: str, length: timedelta) -> None:
    """Weeks and days included."""
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["P1Y", "P2M", "P1Y2M3D", "P1MT1H"])
def test_years_and_months_are_refused_by_name(text: str) -> None:
    """Their length is not fixed."""
    with pytest.raises(ValueError, match="years or months"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "15M", "P1DT", "PT1M1H", "P99999999999D", "PT\uff11H"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Instead of read as something else."""
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)
