"""What a session is told, and what it shows of that."""

import pytest

from custom_components.flexmeasures.control import (
    RELEASED,
    SCHEDULE,
    Bounds,
    Command,
    FollowSchedule,
    Reading,
    Release,
    SessionActuation,
    SetNumber,
    Setpoint,
    SetpointSource,
    SetPower,
)

ACTUATION = SessionActuation()
ANY = Bounds()


def setpoint(power: float, source: SetpointSource) -> Setpoint:
    """Return a setpoint without end."""
    return Setpoint(power, source, None)


def test_a_schedule_is_carried_out_by_the_session_and_everything_else_is_a_power() -> None:
    def told(source: SetpointSource) -> Command | None:
        return ACTUATION.command(setpoint(2500.0, source), 2500.0, ANY, None)

    assert told(SetpointSource.SCHEDULE) == FollowSchedule()
    for source in (SetpointSource.OVERRIDE, SetpointSource.PAUSE, SetpointSource.MANUAL):
        assert told(source) == SetPower(2500.0)


@pytest.mark.parametrize(
    ("command", "reading", "runs"),
    [
        (FollowSchedule(), SCHEDULE, True),
        (Release(), RELEASED, False),
        (SetPower(-300.0), -300.0, True),
        (SetPower(0.0), 0.0, True),
    ],
)
def test_a_session_shows_what_it_was_told(command: Command, reading: Reading, runs: bool) -> None:
    assert ACTUATION.reading_of(command) == reading
    assert ACTUATION.shows(command, reading, ANY)
    assert ACTUATION.restoring(reading) == command
    assert ACTUATION.runs(command) is runs
    assert not ACTUATION.shows(command, "instructed", ANY)


def test_only_a_power_stands_for_a_power() -> None:
    assert ACTUATION.power(-300.0) == -300.0
    assert ACTUATION.power(SCHEDULE) is None
    assert ACTUATION.power(RELEASED) is None


def test_what_somebody_else_told_cannot_be_restored() -> None:
    assert ACTUATION.restoring("instructed") is None
    assert not ACTUATION.shows(SetNumber(3.0), SCHEDULE, ANY)
