"""What control still knows after a restart."""

from datetime import timedelta
import json

import pytest

from custom_components.flexmeasures.control import (
    ControlEngine,
    ControlMemory,
    ControlMemoryError,
    ControlStatus,
    FollowingChosen,
    GuardRails,
    Mode,
    ModeChosen,
    Origin,
    Override,
    OverrideSet,
    PlanReceived,
    Request,
    ValueBefore,
)
from custom_components.flexmeasures.control.memory import JSON

from .home import MINUTE, NOON, Home, settings_of

MEMORY = ControlMemory(
    request=Request(
        following=True,
        mode=Mode.MANUAL,
        mode_until=NOON,
        manual_power=-300.0,
        override=Override(700.0, NOON),
    ),
    writes=(NOON, NOON + MINUTE),
    engaged=True,
    captured="Self use",
    standing_power=2000.0,
    turned_at=NOON,
    suspended_until=NOON + MINUTE,
)


def restarted(home: Home) -> None:
    """Restart without a goodbye, over JSON text."""
    stored = json.loads(json.dumps(home.engine.memory().to_json()))
    home.restart(ControlMemory.from_json(stored))


@pytest.mark.parametrize("memory", [MEMORY, ControlMemory(), ControlMemory(captured=3.0)])
def test_a_memory_comes_back_as_it_was(memory: ControlMemory) -> None:
    assert ControlMemory.from_json(json.loads(json.dumps(memory.to_json()))) == memory


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", 2),
        ("writes", None),
        ("writes", [None]),
        ("writes", ["2026-11-22T12:00:00"]),
        ("writes", ["yesterday"]),
        ("following", 1),
        ("mode", "holiday"),
        ("mode_until", 5),
        ("manual_power", None),
        ("manual_power", True),
        ("override", 700),
        ("override", {"until": None}),
        ("captured", [1]),
        ("standing_power", float("nan")),
    ],
)
def test_what_is_no_memory_is_refused(field: str, value: JSON) -> None:
    with pytest.raises(ControlMemoryError):
        ControlMemory.from_json({**MEMORY.to_json(), field: value})


def test_after_a_restart_in_mid_block_nothing_is_written_that_stands() -> None:
    home = Home()
    home.plan(3000, 3000)
    home.tell(FollowingChosen(True))
    home.until(5)
    memory, plan = home.engine.memory(), home.engine.plan
    home.engine = ControlEngine(home.settings, memory)
    home.tell(PlanReceived(plan))
    home.report(Origin.DEVICE)
    home.until(14)

    assert home.engine.request.following
    assert home.told == [(0, 3000)]
    assert home.engine.status is ControlStatus.FOLLOWING


def test_a_device_that_was_left_with_a_planned_value_by_a_crash_becomes_safe() -> None:
    home = Home(settings=settings_of(safe_value=ValueBefore()))
    home.plan(3000)
    home.tell(FollowingChosen(True))
    home.until(60 * 5 - 300)
    restarted(home)

    assert home.told == [(0, 3000), (0, 1)]


def test_a_switch_that_was_turned_off_before_a_crash_still_makes_the_device_safe() -> None:
    home = Home(answers=False)
    home.plan(3000)
    home.tell(FollowingChosen(True))
    home.answer()
    home.tell(FollowingChosen(False))
    home.answers = True
    restarted(home)

    assert home.told == [(0, 3000), (0, 0)]
    assert home.engine.status is ControlStatus.IDLE


def test_the_budget_of_a_day_survives_restarts() -> None:
    rails = GuardRails(writes_per_day=10, minimum_dwell=timedelta(0))
    home = Home(settings=settings_of(rails))
    home.plan(*([1000, 2000] * 20))
    home.tell(FollowingChosen(True))
    for minutes in range(15, 300, 15):
        home.until(minutes)
        restarted(home)
        home.plan(1000 + minutes, 1000 + minutes)

    # Six, and the safe value for the last of them at the restart after it.
    assert home.engine.statistics().writes == 7


def test_least_times_survive_restarts() -> None:
    rails = GuardRails(minimum_on=60 * MINUTE)
    home = Home(settings=settings_of(rails), shown=0.0)
    home.tell(ModeChosen(Mode.CHARGE_NOW))
    home.until(10)
    restarted(home)
    home.tell(ModeChosen(Mode.PAUSE))
    home.until(59)
    assert home.told == [(0, 5000)]
    home.until(60)

    assert home.told == [(0, 5000), (60, 0)]


def test_wishes_and_a_person_s_change_survive_restarts() -> None:
    home = Home()
    home.plan(3000, 3000)
    home.tell(FollowingChosen(True))
    home.tell(OverrideSet(900, NOON + 50 * MINUTE))
    home.until(1)
    home.change(1500.0)
    restarted(home)
    assert home.engine.status is ControlStatus.SUSPENDED
    home.until(40)

    assert home.told == [(0, 3000), (0.5, 900), (30, 900)]
