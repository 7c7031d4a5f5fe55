"""Moments in headers."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.client.retries import http_date


@given(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)))
def test_every_moment_is_read_as_the_standard_library_reads_it(moment: datetime) -> None:
    """To the second, which is all that the header holds."""
    text = format_datetime(moment, usegmt=True)

    assert http_date(text) == moment.replace(microsecond=0) == parsedate_to_datetime(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (
            "Sun, 22 Nov 2026 14:47:18 +0100",
            datetime(2026, 11, 22, 14, 47, 18, tzinfo=timezone(timedelta(hours=1))),
        ),
        ("22 Nov 2026 14:47:18 GMT", datetime(2026, 11, 22, 14, 47, 18, tzinfo=UTC)),
        ("Sun,  2 Nov 2026 14:47:18 GMT", datetime(2026, 11, 2, 14, 47, 18, tzinfo=UTC)),
        ("Sun, 31 Feb 2026 14:47:18 GMT", None),
        ("Sun, 22 Nov 2026 25:47:18 GMT", None),
        ("Sun, 22 Nov 2026 14:47:18", None),
        ("soon", None),
        ("", None),
    ],
)
def test_other_spellings_are_read_or_mean_nothing(text: str, moment: datetime | None) -> None:
    """What has no zone is no moment."""
    assert http_date(text) == moment
