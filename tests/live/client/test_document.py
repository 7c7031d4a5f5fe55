"""The examples of docs/client.md, run as they stand there, one after the other, on a real server."""

import ast
from inspect import CO_COROUTINE
import math
import re
import sys
from urllib.parse import urlsplit

import pytest

from custom_components.flexmeasures import client as client_package
from custom_components.flexmeasures.client import (
    Asset,
    ScheduleResult,
    SensorForecast,
    SensorSchedule,
    SensorTable,
    SignConvention,
    User,
)
from demo.flexmeasures_server import ServerUser
from tests.repository import ROOT

from ..conftest import LiveServer

DOCUMENT = ROOT / "docs" / "client.md"
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


async def run(example: str, first_line: int, names: dict[str, object]) -> None:
    """Run an example as if it stood in a coroutine, so that a traceback names its line in the document."""
    source = "\n" * (first_line - 1) + example
    code = compile(source, DOCUMENT, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    outcome = eval(code, names)  # noqa: S307 - our own document
    if code.co_flags & CO_COROUTINE:
        await outcome


async def run_document(names: dict[str, object]) -> None:
    """Run all examples, each with what those before it have made."""
    text = DOCUMENT.read_text()
    for match in EXAMPLE.finditer(text):
        await run(match[1], text[: match.start()].count("\n") + 2, names)


def energy(schedule: SensorSchedule) -> float:
    """Return what is consumed, in the schedule's unit times hours."""
    hours = schedule.resolution.total_seconds() / 3600
    return math.fsum(value or 0.0 for value in schedule.values) * hours


async def test_the_examples_of_the_document_do_what_it_says(
    flexmeasures_server: LiveServer,
    fresh_user: ServerUser,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every one runs; what they find is what the text beside them says."""
    monkeypatch.setitem(sys.modules, "flexmeasures_api", client_package)
    names: dict[str, object] = {
        "URL": flexmeasures_server.url,
        "HOST": urlsplit(flexmeasures_server.url).netloc,
        "EMAIL": fresh_user.email,
        "PASSWORD": fresh_user.password,
    }

    await run_document(names)

    def found[T](name: str, kind: type[T]) -> T:
        value = names[name]
        assert isinstance(value, kind), name
        return value

    assert found("user", User).email == fresh_user.email
    assert found("truck", Asset).attributes == {"plate": "AB-123-C", "driver": "Sam"}
    assert [row for _, row in found("table", SensorTable).rows()] == [
        (pytest.approx(0.30), pytest.approx(13.9)),
        (pytest.approx(0.28), pytest.approx(15.75)),
    ]
    # From 50 to 100 kWh; what is left over is only there to be sold, which nobody pays for here.
    assert energy(found("truck_schedule", SensorSchedule)) >= 50 - 1e-6
    assert len(found("schedules", ScheduleResult).schedules) == 2
    assert len(found("schedule", SensorSchedule).values) == 3
    levels = found("levels", SensorSchedule)
    assert (levels.unit, len(levels.values), levels.values[0]) == ("kWh", 49, pytest.approx(50))
    assert levels.values[40] is not None
    assert levels.values[40] >= 100 - 1e-3
    feed_in = found("feed_in", SensorSchedule)
    assert (feed_in.unit, feed_in.sign) == ("W", SignConvention.PRODUCTION_POSITIVE)
    assert energy(feed_in) == pytest.approx(-1000 * ((levels.values[-1] or 0) - 50), rel=0.02)
    assert [schedule.unit for schedule in found("stored", ScheduleResult).schedules] == ["kW"]
    assert len(found("forecast", SensorForecast).values) == 96
    printed = capsys.readouterr().out
    assert "FlexMeasures 1.0.1 is older than 1.1.0" in printed
    assert "No sensor found with ID 2000000000." in printed
    assert "duration " in printed
    assert fresh_user.password not in printed
