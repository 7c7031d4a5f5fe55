"""What is remembered of triggers: the length of their schedules, and why they may have failed."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from custom_components.flexmeasures.client import FlexMeasuresClient, JobFailedError
from custom_components.flexmeasures.client.triggers import RecentTriggers

from .fault_server import FaultServer, Reply

ID: Final = "0febaae9-373e-4dd5-9c45-a7884d585f0e"
OTHER: Final = "2f6b9f0c-6d1e-4b9a-9d0e-3b8a3e2f4c11"
START: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
MODEL: Final = {"sensor": 2}

SCHEDULE = Reply(
    body={"values": [1.0], "start": START.isoformat(), "duration": "PT1H", "unit": "kW"}
)


async def test_a_start_between_steps_is_named_as_the_cause(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The server says that prices are unknown, which they are not."""
    failed = Reply(
        status=422,
        body={"status": "FAILED", "message": "Prices unknown for planning window. (sensor 1)"},
    )
    server.script(Reply(status=202, body={"job": ID}), failed)
    start = START + timedelta(minutes=7)

    with pytest.raises(JobFailedError, match=r"unknown .*T12:07:00.* multiple of the sensors'"):
        await client.trigger_and_get_schedule(3, flex_model=MODEL, start=start, duration=HOUR)

    server.script(Reply(status=202, body={"job": OTHER}), failed)
    with pytest.raises(JobFailedError, match=r"\(sensor 1\)$"):
        await client.trigger_and_get_schedule(3, flex_model=MODEL, start=START, duration=HOUR)


async def test_no_more_is_asked_for_than_was_triggered(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The server would add values of older schedules."""
    server.script(Reply(status=202, body={"job": ID}), SCHEDULE)
    await client.trigger_schedule(3, start=START, duration=HOUR, flex_model=MODEL)

    await client.get_schedule(2, ID, 24 * HOUR)

    assert server.requests[-1].query["duration"] == "PT1H"


def test_the_memory_is_bounded() -> None:
    """Of a long life only the newest triggers are kept."""
    triggers = RecentTriggers()
    for number in range(1_000):
        triggers.remember(f"job-{number}", START, HOUR)

    assert len(triggers._terms) == 512
    assert triggers.longest("job-999", 2 * HOUR) == HOUR
    assert triggers.longest("job-0", 2 * HOUR) == 2 * HOUR
