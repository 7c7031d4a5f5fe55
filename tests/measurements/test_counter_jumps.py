"""What a counter shows and cannot have counted: restarts, dips, rollovers and jumps."""

from datetime import timedelta

import pytest

from custom_components.flexmeasures.measurements import CounterAccumulator, CounterRules

from .readings import MINUTE, NOON, QUARTER, counted, feed

# 12 kW: 0.2 kWh a minute, and as much as 0.0333 kWh more may arrive in a burst.
FUSE = CounterRules(maximum_power=12)


def test_a_meter_that_shows_zero_while_it_boots_counts_nothing_twice() -> None:
    """3.4 s of zero in the middle of 4 kW."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (7, 0), (7 + 3.4 / 60, 100.5), (15, 101))

    assert counted(counter, 15) == [(0, 4, 1)]
    assert counter.implausible == 0


def test_zero_that_is_reported_again_and_again_while_it_boots_is_no_restart() -> None:
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (7, 0), (7.01, 0), (7.02, 0))
    counter.alive(NOON + 7.03 * MINUTE)
    feed(counter, (7.04, 100.5), (15, 101))

    assert counted(counter, 15) == [(0, 4, 1)]


@pytest.mark.parametrize("doubtful", [0, 12, 95, 99.99, 5000])
def test_a_slot_waits_while_a_reading_is_doubted(doubtful: float) -> None:
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 100), (14.5, doubtful))

    assert counted(counter, 15) == []
    feed(counter, (15, 101))
    assert counted(counter, 15) == [(0, 4, 1)]


def test_a_meter_that_counts_on_from_a_lesser_value_has_restarted() -> None:
    """Known are 12:00 to 12:05 with 0.25 kWh and 12:06 to 12:15 with 0.45 kWh: 0.7 kWh in 14 minutes."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (5, 100.25), (6, 0.01), (6.5, 0.035), (15, 0.46))

    assert counted(counter, 15) == [(0, 3, pytest.approx(14 / 15))]


def test_a_meter_that_stays_at_a_lesser_value_for_a_minute_has_restarted() -> None:
    """Without a further reading: at 12:07 it has shown 0 for more than a minute."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (5, 100.25), (5.9, 0))
    assert counted(counter, 7) == []
    feed(counter, (15, 0.455))

    assert counted(counter, 15) == [
        (0, pytest.approx((0.25 + 0.455) / (14.1 / 60)), pytest.approx(14.1 / 15))
    ]


def test_what_a_restarted_meter_shows_counts_when_its_maximum_power_allows_it() -> None:
    """A counter of the day at midnight: 0.05 kWh in its first minute are 3 kW, as before."""
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 12), (5, 12.25), (6, 0.05), (7, 0.1), (15, 0.5))

    assert counted(counter, 15) == [(0, 3, 1)]


def test_an_exchanged_meter_counts_from_what_it_shows() -> None:
    """From 12:05 to 12:06 nothing is known; 80 kWh were not counted in a minute."""
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 100), (5, 100.25), (6, 80), (7, 80.05), (15, 80.45))

    assert counted(counter, 15) == [(0, 3, pytest.approx(14 / 15))]
    assert counter.implausible == 0


def test_a_dip_is_no_restart() -> None:
    """A meter that loses a tenth and counts on lost nothing else: 12:06 to 12:07 is unknown."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (6, 100.3), (7, 100.2), (8, 100.25), (15, 100.6))

    assert counted(counter, 15) == [(0, 3, pytest.approx(14 / 15))]


def test_a_dip_that_is_made_good_changes_nothing() -> None:
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (6, 100.3), (7, 100.29), (8, 100.4), (15, 100.75))

    assert counted(counter, 15) == [(0, 3, 1)]


def test_a_counter_of_five_digits_that_rolls_over_counts_on() -> None:
    """0.2 kWh until 99,999.9 and 0.55 kWh in all."""
    counter = CounterAccumulator(QUARTER, CounterRules(rollover_at=100_000))
    feed(counter, (0, 99_999.7), (4, 99_999.9), (7, 0.05), (8, 0.1), (15, 0.45))

    assert counted(counter, 15) == [(0, 3, 1)]


def test_a_rollover_explains_only_what_the_maximum_power_allows() -> None:
    """A fall from 50,000 is no rollover: a restart whose first minute counted 0.05 kWh."""
    counter = CounterAccumulator(QUARTER, CounterRules(rollover_at=100_000, maximum_power=12))
    feed(counter, (0, 50_000), (6, 50_000.3), (7, 0.05), (8, 0.1), (15, 0.45))

    assert counted(counter, 15) == [(0, 3, 1)]


def test_a_rollover_without_maximum_power_explains_a_tenth_of_the_range() -> None:
    counter = CounterAccumulator(QUARTER, CounterRules(rollover_at=100_000))
    feed(counter, (0, 50_000), (6, 50_000.3), (7, 0.05), (8, 0.1), (15, 0.45))

    assert counted(counter, 15) == [(0, 3, pytest.approx(14 / 15))]


def test_a_jump_beyond_the_maximum_power_becomes_a_gap_and_is_counted() -> None:
    """9,000 kWh within a minute, and the meter counts on from there."""
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 100), (6, 100.3), (7, 9100), (8, 9100.05), (15, 9100.4))

    assert counted(counter, 15) == [(0, 3, pytest.approx(14 / 15))]
    assert counter.implausible == 1


def test_a_jump_that_stays_for_a_minute_becomes_a_gap() -> None:
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 100), (1, 9100))

    assert counted(counter, 30) == [(0, 0, pytest.approx(14 / 15))]
    assert counter.implausible == 1


def test_a_jump_that_is_taken_back_changes_nothing() -> None:
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 100), (6, 100.3), (6.2, 9100), (6.4, 9200), (8, 100.4), (15, 100.75))

    assert counted(counter, 15) == [(0, 3, 1)]
    assert counter.implausible == 0


def test_a_jump_over_a_gap_is_judged_by_the_gap_s_length() -> None:
    """5 kWh in half an hour are 10 kW, 7 kWh are 14 kW."""
    for energy, value, implausible in ((5, 10, 0), (7, None, 1)):
        counter = CounterAccumulator(QUARTER, FUSE, spread_gaps=True)
        feed(counter, (0, 99), (15, 100), (16, None), (45, 100 + energy))
        slots = counted(counter, 65)
        assert [slot[1] for slot in slots] == [4, value, value, 0]
        assert counter.implausible == implausible


def test_a_counter_of_whole_kilowatt_hours_may_step() -> None:
    """Alive every minute, 1 kWh every six minutes: 10 kW, and not 60 kW in the last minute."""
    counter = CounterAccumulator(timedelta(hours=1), FUSE)
    for minute in range(61):
        time = NOON + minute * MINUTE
        if minute % 6 == 0:
            counter.add(time, 100 + minute // 6)
        else:
            counter.alive(time)

    assert counted(counter, 60) == [(0, 10, 1)]
    assert counter.implausible == 0


def test_readings_that_come_in_a_burst_are_no_jump() -> None:
    """After half a minute of silence, ten seconds' count arrives three times within a second."""
    counter = CounterAccumulator(QUARTER, FUSE, as_energy=True)
    feed(counter, (0, 100), (14, 100), (14.5, 100.03), (14.501, 100.06), (14.502, 100.09))
    feed(counter, (15, 100.09))

    assert counted(counter, 15) == [(0, 0.09, 1)]


def test_a_first_zero_may_not_be_what_the_meter_has_counted() -> None:
    """At start and after a gap: 1,234 kWh were not counted within 3 seconds."""
    counter = CounterAccumulator(QUARTER)
    feed(
        counter, (0, 0), (0.02, 0), (0.05, 1234), (7.05, 1234.35), (8, None), (9, 0), (9.05, 1234.5)
    )
    feed(counter, (15.05, 1234.8))

    assert counted(counter, 15) == [(0, 3, pytest.approx(12.95 / 15))]


def test_a_first_zero_that_stays_is_what_the_meter_has_counted() -> None:
    """The counter of the day of a solar inverter, at night."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 0))
    assert counted(counter, 0.5) == []

    assert counted(counter, 20) == [(0, 0, 1)]
    feed(counter, (30, 0.75))
    assert counted(counter, 30) == [(15, 3, 1)]


def test_a_slot_waits_until_a_first_zero_is_believed() -> None:
    """After a gap from 12:05 on, 0.5 minutes of the slot are known again, with 0.02 kWh a minute."""
    counter = CounterAccumulator(QUARTER, minimum_coverage=0, as_energy=True)
    feed(counter, (0, 100), (5, 101), (6, None), (14.5, 0))
    assert counted(counter, 15) == []
    feed(counter, (16.5, 0.04), (30, 0.04))

    slots = counted(counter, 30)
    assert slots[0] == (0, pytest.approx(1.01 * 15 / 5.5), pytest.approx(5.5 / 15))
    assert slots[1] == (15, 0.03, 1)


def test_a_doubted_reading_that_nothing_confirms_gives_way_to_the_next() -> None:
    """9,100 was noise, 50 is what the meter continues at: nothing has jumped."""
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 100), (6, 100.3), (6.5, 9100), (7, 50), (7.5, 50.025), (15, 50.4))

    assert counted(counter, 15) == [(0, 3, pytest.approx(14 / 15))]
    assert counter.implausible == 0


def test_a_jump_that_lasted_is_one_even_if_the_meter_then_becomes_unavailable() -> None:
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 100), (6, 100.3), (7, 9100), (8.5, None))

    assert counter.implausible == 1


def test_long_after_a_restart_a_leap_over_the_old_level_is_a_count() -> None:
    """12.9 kWh from 12:10 to 15:10 while the meter could not be reached: 4.3 kW."""
    counter = CounterAccumulator(timedelta(hours=1), spread_gaps=True)
    feed(counter, (0, 12), (5, 12.25), (6, 0.05), (7, 0.1), (10, 0.1), (11, None), (190, 13))

    assert [value for _, value, _ in counted(counter, 185)] == [
        pytest.approx((0.25 + 0.05 + 50 * 12.9 / 180) / (59 / 60)),
        4.3,
        4.3,
    ]


def test_a_meter_that_showed_zero_for_minutes_and_leaps_back_did_not_count_all_again() -> None:
    """No maximum power is known, and none is needed: unknown is from 12:06 to 12:10."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (6, 100.3), (7, 0))
    assert counted(counter, 9) == []
    feed(counter, (10, 100.5), (10.5, 100.525), (15, 100.75))

    assert counted(counter, 15) == [(0, 3, pytest.approx(11 / 15))]
    assert counter.implausible == 1


def test_a_restarted_counter_passes_its_old_level_in_its_own_time() -> None:
    """3 kWh before, and an hour and a half after it began again at 2 kW."""
    counter = CounterAccumulator(timedelta(hours=1))
    feed(counter, (0, 3), *((minutes, (minutes - 30) / 30) for minutes in range(30, 181, 5)))

    assert [value for _, value, _ in counted(counter, 180)] == [2, 2, 2]


def test_a_counter_that_says_that_it_starts_over_is_believed_at_once() -> None:
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 12), (10, 12.5))
    counter.start_over()
    feed(counter, (15, 0.25))

    assert counted(counter, 15) == [(0, 3, 1)]


def test_what_a_counter_shows_after_it_started_over_must_be_possible() -> None:
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 12), (10, 12.5))
    counter.start_over()
    feed(counter, (12, 9), (15, 9.15))

    assert counted(counter, 15) == [(0, 3, pytest.approx(13 / 15))]
    assert counter.implausible == 1


def test_a_counter_of_imports_less_exports_may_count_down() -> None:
    """-1 kWh and +0.5 kWh in quarters of an hour, through zero."""
    counter = CounterAccumulator(QUARTER, CounterRules(maximum_power=12, can_decrease=True))
    feed(counter, (0, 0.4), (15, -0.6), (30, -0.1), (31, -900), (32, -0.1), (45, -0.1))

    assert counted(counter, 45) == [(0, -4, 1), (15, 2, 1), (30, 0, 1)]
