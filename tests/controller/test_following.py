"""A device in a home with faults: what it shows at every moment is the plan's value or its safe value."""

from datetime import UTC, datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.flexmeasures.control import (
    ControlStatus,
    GuardRail,
    NoticeKind,
)

from ..controlled_home import (
    MINUTE,
    NOON,
    SECOND,
    ControlledHome,
    by_quarter,
    plan_by_time,
)
from ..device_stand_ins import Inverter


async def test_the_device_has_each_step_s_power_from_its_beginning_on(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.carry_out(until=61)

    assert home.shown == [(0.1, "1.0"), (15, "-2.0"), (30, "0.5"), (45, "2.0"), (60, "1.0")]
    assert inverter.values == [1, -2, 0.5, 2, 1]
    assert home.controller.status is ControlStatus.FOLLOWING
    assert home.controller.statistics.writes == 5
    assert home.controller.statistics.last_write == NOON + 60 * MINUTE


async def test_what_rounding_gives_too_much_is_held_back_in_the_next_step(
    home: ControlledHome, inverter: Inverter
) -> None:
    """The inverter takes tenths of a kW, and nothing limits the site. A plan anew changes no step that is under way."""
    home.client.trigger_and_get_schedule.side_effect = by_quarter(1050.0, 1040.0, -1030.0, 0.0)
    await home.carry_out(until=50)

    # 50 W too much, then 40 W too little, and -1.1 kW would leave the battery short.
    assert home.shown == [(0.1, "1.1"), (15, "1.0"), (30, "-1.0"), (45, "0.0")]
    assert home.controller.setpoint.power == 0


async def test_a_device_that_is_away_gets_the_power_of_now_when_it_is_back(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.carry_out(until=10)
    inverter.show_availability(False)
    await home.until(20)
    assert home.controller.held
    assert home.controller.held.rail is GuardRail.UNAVAILABLE

    inverter.show_availability(True)
    await home.until(29)

    assert home.shown == [(0.1, "1.0"), (10, "unavailable"), (20, "1.0"), (20, "-2.0")]
    assert inverter.values == [1, -2]


async def test_a_device_that_takes_less_is_believed(
    home: ControlledHome, inverter: Inverter
) -> None:
    inverter.most = 1.5
    await home.carry_out(until=44)

    assert home.shown == [(0.1, "1.0"), (15, "-1.5"), (30, "0.5")]
    assert inverter.values == [1, -2, 0.5]
    assert home.notices == []


async def test_a_device_that_ignores_writes_is_told_four_times_and_then_once_a_step(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    inverter.ignores = True
    await home.follow()

    await home.until(14)
    assert inverter.values == [1, 1, 1, 1]
    assert home.notices == [NoticeKind.NOT_FOLLOWING]
    assert home.controller.status is ControlStatus.NOT_FOLLOWING
    await home.until(29)
    assert inverter.values == [1, 1, 1, 1, -2]

    inverter.ignores = False
    await home.until(31)
    assert home.shown == [(30, "0.5")]
    assert home.notices == [NoticeKind.NOT_FOLLOWING, NoticeKind.FOLLOWING_AGAIN]


@pytest.mark.parametrize("error", [OSError("bus error"), HomeAssistantError("no connection")])
async def test_a_write_that_fails_is_repeated_and_told_once(
    home: ControlledHome,
    inverter: Inverter,
    error: Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await home.start()
    inverter.error = error
    await home.follow()
    await home.wait(15 * SECOND)
    assert inverter.values == [1, 1]

    inverter.error = None
    await home.wait(30 * SECOND)

    assert inverter.values == [1, 1, 1]
    assert [state for _, state in home.shown] == ["1.0"]
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [
        "number.inverter_power did not take its setpoint" in record.message for record in warnings
    ].count(True) == 1


async def test_a_value_that_the_device_refuses_is_not_repeated_before_the_next_step(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    inverter.error = ServiceValidationError("not while the grid is away")
    await home.follow()
    await home.until(14)

    assert inverter.values == [1]
    assert home.controller.status is ControlStatus.NOT_FOLLOWING


async def test_a_device_that_never_answers_is_looked_at_and_told_again(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    inverter.hangs = True
    home.controller.async_follow(True)
    for seconds in (9, 2, 9, 2):
        await home.tick(seconds)
    assert inverter.values == [1, 1]

    inverter.go_on()
    await home.settle()
    assert home.shown == [(0.5, "1.0")]  # 27 s after noon


async def test_what_the_device_changes_by_itself_is_put_right_after_a_minute(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.carry_out(until=5)
    inverter.show(0.2)
    await home.until(14)

    assert home.shown == [(0.1, "1.0"), (5, "0.2"), (6, "1.0")]
    assert home.notices == []


async def test_a_plan_that_comes_while_a_write_is_under_way_is_written_after_it_and_nothing_else(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    inverter.hangs = True
    home.controller.async_follow(True)

    for power in (1500.0, 800.0):
        home.client.trigger_and_get_schedule.side_effect = by_quarter(power)
        await home.entry.runtime_data.planner.async_reschedule()
    inverter.go_on()
    await home.wait(40 * SECOND)

    assert inverter.values == [1, 0.8]
    assert home.controller.statistics.writes == 2


async def test_no_more_is_written_than_an_inverter_s_memory_bears(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.carry_out()
    for change in range(230):
        home.controller.async_override(1000.0 + 100 * (change % 2))
        await home.wait(40 * SECOND)

    home.controller.async_override(700.0)
    await home.settle()
    assert len(inverter.told) == 180
    assert home.controller.held
    assert home.controller.held.rail is GuardRail.BUDGET
    # The rest is kept for the safe value.
    await home.follow(False)
    assert home.shown[-1][1] == "0.0"
    assert len(inverter.told) == 181


async def test_in_the_night_when_the_clock_is_set_back_every_step_comes_once(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    # At 01:00 UTC on 25 October 2026 the clocks go back from 03:00 to 02:00.
    before = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    home.clock.move_to(before)
    home.client.trigger_and_get_schedule.side_effect = plan_by_time(
        lambda time: 300.0 * ((time - before) // timedelta(minutes=15) + 1)
    )
    await home.carry_out()
    await home.wait(timedelta(hours=2))

    assert inverter.values == pytest.approx([0.3 * step for step in range(1, 10)])
    times = [time - before for time, _ in inverter.told[1:]]
    assert times == [timedelta(minutes=15) * step for step in range(1, 9)]
