"""From the readings of a meter that counts up to mean power, or energy, per slot of a sensor's grid."""

from datetime import UTC, datetime, timedelta
import math
from zoneinfo import ZoneInfo

import pytest

from custom_components.flexmeasures.measurements import CounterAccumulator, CounterRules, Interval
from custom_components.flexmeasures.measurements.counter_rules import CounterReading

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)
# 12 kW: 0.2 kWh a minute, and as much as 0.0333 kWh more may arrive in a burst.
FUSE = CounterRules(maximum_power=12)


def feed(counter: CounterAccumulator, *readings: tuple[float, float | None]) -> None:
    """Add readings in kWh at minutes after noon."""
    for minutes, value in readings:
        counter.add(NOON + minutes * MINUTE, value)


def closed(counter: CounterAccumulator, minutes: float) -> list[tuple[float, float | None, float]]:
    """Return what is closed at so many minutes after noon: start in minutes after noon, value, coverage."""
    return [
        (
            (slot.start - NOON) / MINUTE,
            None if slot.value is None else round(slot.value, 9),
            round(slot.coverage, 9),
        )
        for slot in counter.close(NOON + minutes * MINUTE)
    ]


def test_mean_power_is_what_was_counted_in_the_time() -> None:
    """1 kWh in a quarter of an hour is 4 kW."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (5, 100.2), (15, 101))

    (slot,) = counter.close(NOON + QUARTER)
    assert slot == Interval(start=NOON, value=slot.value, coverage=1)
    assert slot.value == pytest.approx(4, rel=1e-12)


def test_energy_per_slot_is_what_was_counted_in_it() -> None:
    counter = CounterAccumulator(QUARTER, as_energy=True)
    feed(counter, (0, 100), (5, 100.2), (15, 101), (30, 101.5))

    assert closed(counter, 30) == [(0, 1, 1), (15, 0.5, 1)]


def test_the_factor_gives_the_sensor_s_unit_and_sign() -> None:
    """2 kWh in a quarter of an hour that were produced: 8 kW, or -8000 W of consumption."""
    power = CounterAccumulator(QUARTER, factor=-1000)
    energy = CounterAccumulator(QUARTER, as_energy=True, factor=-1000)
    for counter, value in ((power, -8000), (energy, -2000)):
        feed(counter, (0, 100), (15, 102))
        assert closed(counter, 15) == [(0, value, 1)]


def test_what_was_counted_over_a_border_is_split_by_time() -> None:
    """0.3 kWh from 12:10 to 12:20, half of it in each slot; the rest of the second slot counts 0.6 kWh."""
    counter = CounterAccumulator(QUARTER, as_energy=True)
    feed(counter, (0, 100), (10, 100), (20, 100.3), (30, 100.9))

    assert closed(counter, 30) == [(0, 0.15, 1), (15, 0.75, 1)]


def test_readings_an_hour_apart_fill_the_slots_between_them() -> None:
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (60, 102))

    assert closed(counter, 60) == [(0, 2, 1), (15, 2, 1), (30, 2, 1), (45, 2, 1)]


def test_a_slot_waits_for_the_first_reading_after_its_end() -> None:
    """From 12:14 to 12:16 the meter counts 0.2 kWh: 6 kW, of which a minute lies in the slot."""
    counter = CounterAccumulator(QUARTER, as_energy=True)
    feed(counter, (0, 100), (14, 100))
    assert closed(counter, 15) == []
    feed(counter, (16, 100.2))

    assert closed(counter, 16) == [(0, 0.1, 1)]


def test_a_slot_that_is_known_is_returned_when_it_is_asked_for() -> None:
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (30, 102))

    assert closed(counter, 29) == [(0, 4, 1)]
    assert closed(counter, 30) == [(15, 4, 1)]


def test_a_slot_does_not_wait_longer_than_told_and_the_sum_stays_right() -> None:
    """What was counted between 12:14 and 12:21 is then in the slot that is open."""
    counter = CounterAccumulator(QUARTER, as_energy=True)
    feed(counter, (0, 100), (14, 100.1))
    assert closed(counter, 19.9) == []
    assert closed(counter, 20) == [(0, 0.1, 1)]
    feed(counter, (21, 100.3), (30, 100.3))

    assert closed(counter, 30) == [(15, 0.2, 1)]


def test_a_meter_that_counts_nothing_says_so_without_reporting() -> None:
    """A night of sunlessness: the entity shows 100 kWh all the time."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (1, 100))

    assert closed(counter, 60) == [(0, 0, 1), (15, 0, 1), (30, 0, 1)]
    assert closed(counter, 65) == [(45, 0, 1)]


def test_a_sign_of_life_says_that_nothing_was_counted() -> None:
    """Nothing until 12:12, so that all of the 0.3 kWh came in the three minutes after it: 6 kW."""
    counter = CounterAccumulator(timedelta(minutes=3))
    feed(counter, (0, 100))
    counter.alive(NOON + 12 * MINUTE)
    feed(counter, (15, 100.3))

    assert closed(counter, 15) == [(0, 0, 1), (3, 0, 1), (6, 0, 1), (9, 0, 1), (12, 6, 1)]


def test_old_signs_of_life_change_nothing() -> None:
    counter = CounterAccumulator(QUARTER)
    counter.alive(NOON)
    feed(counter, (0, 100), (10, 100.5))
    counter.alive(NOON + 5 * MINUTE)
    counter.alive(NOON - 120 * MINUTE)
    feed(counter, (15, 101))

    assert closed(counter, 15) == [(0, 4, 1)]


def test_coverage_counts_from_the_first_reading_on() -> None:
    """0.2 kWh in 12 of 15 minutes: 1 kW, and a quarter of a kilowatt hour if it was the same before."""
    for as_energy, value in ((False, 1), (True, 0.25)):
        counter = CounterAccumulator(QUARTER, as_energy=as_energy)
        feed(counter, (3, 100), (15, 100.2))
        assert closed(counter, 15) == [(0, value, 0.8)]


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_a_gap_begins_at_the_last_reading_and_stays_one(missing: float | None) -> None:
    """Known are 12:00 to 12:05 and 12:11 to 12:15 with 0.5 kWh and 0.04 kWh: 0.54 kWh in 9 minutes are 3.6 kW."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (5, 100.5), (7, missing), (11, 109), (15, 109.04))

    assert closed(counter, 15) == [(0, 3.6, 0.6)]


def test_slots_in_a_gap_do_not_wait_for_its_end() -> None:
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (15, 101), (16, None))

    assert closed(counter, 45) == [(0, 4, 1), (15, None, 0), (30, None, 0)]


def test_a_gap_is_filled_with_its_mean_power_when_asked_for() -> None:
    """2 kWh from 12:15 to 12:45: 4 kW. The slots wait until the meter is back."""
    counter = CounterAccumulator(QUARTER, spread_gaps=True)
    feed(counter, (0, 100), (15, 100.5), (16, None))
    assert closed(counter, 40) == [(0, 2, 1)]
    feed(counter, (45, 102.5))

    assert closed(counter, 45) == [(15, 4, 1), (30, 4, 1)]


def test_a_meter_that_is_silent_for_too_long_leaves_a_gap() -> None:
    counter = CounterAccumulator(QUARTER, max_hold=20 * MINUTE)
    feed(counter, (0, 100), (15, 101))
    assert closed(counter, 45) == [(0, 4, 1), (15, None, 0), (30, None, 0)]
    feed(counter, (45, 109), (60, 110))

    assert closed(counter, 60) == [(45, 4, 1)]


@pytest.mark.parametrize(("spread_gaps", "value", "coverage"), [(False, None, 0), (True, 0, 1)])
def test_a_silent_meter_that_shows_the_same_again_has_counted_nothing(
    spread_gaps: bool, value: float | None, coverage: float
) -> None:
    """Whether that tells about the gap is what was asked for."""
    counter = CounterAccumulator(QUARTER, max_hold=20 * MINUTE, spread_gaps=spread_gaps)
    feed(counter, (0, 100), (15, 101))
    counter.alive(NOON + 45 * MINUTE)
    feed(counter, (60, 102))

    assert closed(counter, 60) == [
        (0, 4, 1),
        (15, value, coverage),
        (30, value, coverage),
        (45, 4, 1),
    ]


def test_an_unavailable_meter_has_no_sign_of_life() -> None:
    counter = CounterAccumulator(QUARTER, max_hold=20 * MINUTE)
    feed(counter, (0, 100), (15, 101), (16, None))
    closed(counter, 45)
    counter.alive(NOON + 45 * MINUTE)
    feed(counter, (50, None))
    counter.alive(NOON + 55 * MINUTE)

    assert closed(counter, 60) == [(45, None, 0)]


def test_a_silent_meter_that_becomes_unavailable_has_no_sign_of_life() -> None:
    counter = CounterAccumulator(QUARTER, max_hold=20 * MINUTE)
    feed(counter, (0, 100), (15, 101))
    closed(counter, 45)
    feed(counter, (50, None))
    counter.alive(NOON + 51 * MINUTE)
    feed(counter, (58, 102), (60, 102.1))

    assert closed(counter, 60) == [(45, None, pytest.approx(2 / 15))]


def test_a_meter_that_shows_zero_while_it_boots_counts_nothing_twice() -> None:
    """3.4 s of zero in the middle of 4 kW."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (7, 0), (7 + 3.4 / 60, 100.5), (15, 101))

    assert closed(counter, 15) == [(0, 4, 1)]
    assert counter.implausible == 0


def test_zero_that_is_reported_again_and_again_while_it_boots_is_no_restart() -> None:
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (7, 0), (7.01, 0), (7.02, 0))
    counter.alive(NOON + 7.03 * MINUTE)
    feed(counter, (7.04, 100.5), (15, 101))

    assert closed(counter, 15) == [(0, 4, 1)]


@pytest.mark.parametrize("doubtful", [0, 12, 95, 99.99, 5000])
def test_a_slot_waits_while_a_reading_is_doubted(doubtful: float) -> None:
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 100), (14.5, doubtful))

    assert closed(counter, 15) == []
    feed(counter, (15, 101))
    assert closed(counter, 15) == [(0, 4, 1)]


def test_a_meter_that_counts_on_from_a_lesser_value_has_restarted() -> None:
    """Known are 12:00 to 12:05 with 0.25 kWh and 12:06 to 12:15 with 0.45 kWh: 0.7 kWh in 14 minutes."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (5, 100.25), (6, 0.01), (6.5, 0.035), (15, 0.46))

    assert closed(counter, 15) == [(0, 3, pytest.approx(14 / 15))]


def test_a_meter_that_stays_at_a_lesser_value_for_a_minute_has_restarted() -> None:
    """Without a further reading: at 12:07 it has shown 0 for more than a minute."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (5, 100.25), (5.9, 0))
    assert closed(counter, 7) == []
    feed(counter, (15, 0.455))

    assert closed(counter, 15) == [
        (0, pytest.approx((0.25 + 0.455) / (14.1 / 60)), pytest.approx(14.1 / 15))
    ]


def test_what_a_restarted_meter_shows_counts_when_its_maximum_power_allows_it() -> None:
    """A counter of the day at midnight: 0.05 kWh in its first minute are 3 kW, as before."""
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 12), (5, 12.25), (6, 0.05), (7, 0.1), (15, 0.5))

    assert closed(counter, 15) == [(0, 3, 1)]


def test_an_exchanged_meter_counts_from_what_it_shows() -> None:
    """From 12:05 to 12:06 nothing is known; 80 kWh were not counted in a minute."""
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 100), (5, 100.25), (6, 80), (7, 80.05), (15, 80.45))

    assert closed(counter, 15) == [(0, 3, pytest.approx(14 / 15))]
    assert counter.implausible == 0


def test_a_dip_is_no_restart() -> None:
    """A meter that loses a tenth and counts on lost nothing else: 12:06 to 12:07 is unknown."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (6, 100.3), (7, 100.2), (8, 100.25), (15, 100.6))

    assert closed(counter, 15) == [(0, 3, pytest.approx(14 / 15))]


def test_a_dip_that_is_made_good_changes_nothing() -> None:
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (6, 100.3), (7, 100.29), (8, 100.4), (15, 100.75))

    assert closed(counter, 15) == [(0, 3, 1)]


def test_a_counter_of_five_digits_that_rolls_over_counts_on() -> None:
    """0.2 kWh until 99,999.9 and 0.55 kWh in all."""
    counter = CounterAccumulator(QUARTER, CounterRules(rollover_at=100_000))
    feed(counter, (0, 99_999.7), (4, 99_999.9), (7, 0.05), (8, 0.1), (15, 0.45))

    assert closed(counter, 15) == [(0, 3, 1)]


def test_a_rollover_explains_only_what_the_maximum_power_allows() -> None:
    """A fall from 50,000 is no rollover: a restart whose first minute counted 0.05 kWh."""
    counter = CounterAccumulator(QUARTER, CounterRules(rollover_at=100_000, maximum_power=12))
    feed(counter, (0, 50_000), (6, 50_000.3), (7, 0.05), (8, 0.1), (15, 0.45))

    assert closed(counter, 15) == [(0, 3, 1)]


def test_a_rollover_without_maximum_power_explains_a_tenth_of_the_range() -> None:
    counter = CounterAccumulator(QUARTER, CounterRules(rollover_at=100_000))
    feed(counter, (0, 50_000), (6, 50_000.3), (7, 0.05), (8, 0.1), (15, 0.45))

    assert closed(counter, 15) == [(0, 3, pytest.approx(14 / 15))]


def test_a_jump_beyond_the_maximum_power_becomes_a_gap_and_is_counted() -> None:
    """9,000 kWh within a minute, and the meter counts on from there."""
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 100), (6, 100.3), (7, 9100), (8, 9100.05), (15, 9100.4))

    assert closed(counter, 15) == [(0, 3, pytest.approx(14 / 15))]
    assert counter.implausible == 1


def test_a_jump_that_stays_for_a_minute_becomes_a_gap() -> None:
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 100), (1, 9100))

    assert closed(counter, 30) == [(0, 0, pytest.approx(14 / 15))]
    assert counter.implausible == 1


def test_a_jump_that_is_taken_back_changes_nothing() -> None:
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 100), (6, 100.3), (6.2, 9100), (6.4, 9200), (8, 100.4), (15, 100.75))

    assert closed(counter, 15) == [(0, 3, 1)]
    assert counter.implausible == 0


def test_a_jump_over_a_gap_is_judged_by_the_gap_s_length() -> None:
    """5 kWh in half an hour are 10 kW, 7 kWh are 14 kW."""
    for counted, value, implausible in ((5, 10, 0), (7, None, 1)):
        counter = CounterAccumulator(QUARTER, FUSE, spread_gaps=True)
        feed(counter, (0, 99), (15, 100), (16, None), (45, 100 + counted))
        slots = closed(counter, 65)
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

    assert closed(counter, 60) == [(0, 10, 1)]
    assert counter.implausible == 0


def test_readings_that_come_in_a_burst_are_no_jump() -> None:
    """After half a minute of silence, ten seconds' count arrives three times within a second."""
    counter = CounterAccumulator(QUARTER, FUSE, as_energy=True)
    feed(counter, (0, 100), (14, 100), (14.5, 100.03), (14.501, 100.06), (14.502, 100.09))
    feed(counter, (15, 100.09))

    assert closed(counter, 15) == [(0, 0.09, 1)]


def test_a_first_zero_may_not_be_what_the_meter_has_counted() -> None:
    """At start and after a gap: 1,234 kWh were not counted within 3 seconds."""
    counter = CounterAccumulator(QUARTER)
    feed(
        counter, (0, 0), (0.02, 0), (0.05, 1234), (7.05, 1234.35), (8, None), (9, 0), (9.05, 1234.5)
    )
    feed(counter, (15.05, 1234.8))

    assert closed(counter, 15) == [(0, 3, pytest.approx(12.95 / 15))]


def test_a_first_zero_that_stays_is_what_the_meter_has_counted() -> None:
    """The counter of the day of a solar inverter, at night."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 0))
    assert closed(counter, 0.5) == []

    assert closed(counter, 20) == [(0, 0, 1)]
    feed(counter, (30, 0.75))
    assert closed(counter, 30) == [(15, 3, 1)]


def test_a_slot_waits_until_a_first_zero_is_believed() -> None:
    """After a gap from 12:05 on, 0.5 minutes of the slot are known again, with 0.02 kWh a minute."""
    counter = CounterAccumulator(QUARTER, minimum_coverage=0, as_energy=True)
    feed(counter, (0, 100), (5, 101), (6, None), (14.5, 0))
    assert closed(counter, 15) == []
    feed(counter, (16.5, 0.04), (30, 0.04))

    slots = closed(counter, 30)
    assert slots[0] == (0, pytest.approx(1.01 * 15 / 5.5), pytest.approx(5.5 / 15))
    assert slots[1] == (15, 0.03, 1)


def test_a_doubted_reading_that_nothing_confirms_gives_way_to_the_next() -> None:
    """9,100 was noise, 50 is what the meter continues at: nothing has jumped."""
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 100), (6, 100.3), (6.5, 9100), (7, 50), (7.5, 50.025), (15, 50.4))

    assert closed(counter, 15) == [(0, 3, pytest.approx(14 / 15))]
    assert counter.implausible == 0


def test_a_jump_that_lasted_is_one_even_if_the_meter_then_becomes_unavailable() -> None:
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 100), (6, 100.3), (7, 9100), (8.5, None))

    assert counter.implausible == 1


def test_long_after_a_restart_a_leap_over_the_old_level_is_a_count() -> None:
    """12.9 kWh from 12:10 to 15:10 while the meter could not be reached: 4.3 kW."""
    counter = CounterAccumulator(timedelta(hours=1), spread_gaps=True)
    feed(counter, (0, 12), (5, 12.25), (6, 0.05), (7, 0.1), (10, 0.1), (11, None), (190, 13))

    assert [value for _, value, _ in closed(counter, 185)] == [
        pytest.approx((0.25 + 0.05 + 50 * 12.9 / 180) / (59 / 60)),
        4.3,
        4.3,
    ]


def test_a_meter_that_showed_zero_for_minutes_and_leaps_back_did_not_count_all_again() -> None:
    """No maximum power is known, and none is needed: unknown is from 12:06 to 12:10."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (6, 100.3), (7, 0))
    assert closed(counter, 9) == []
    feed(counter, (10, 100.5), (10.5, 100.525), (15, 100.75))

    assert closed(counter, 15) == [(0, 3, pytest.approx(11 / 15))]
    assert counter.implausible == 1


def test_a_restarted_counter_passes_its_old_level_in_its_own_time() -> None:
    """3 kWh before, and an hour and a half after it began again at 2 kW."""
    counter = CounterAccumulator(timedelta(hours=1))
    feed(counter, (0, 3), *((minutes, (minutes - 30) / 30) for minutes in range(30, 181, 5)))

    assert [value for _, value, _ in closed(counter, 180)] == [2, 2, 2]


def test_a_counter_that_says_that_it_starts_over_is_believed_at_once() -> None:
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 12), (10, 12.5))
    counter.start_over()
    feed(counter, (15, 0.25))

    assert closed(counter, 15) == [(0, 3, 1)]


def test_what_a_counter_shows_after_it_started_over_must_be_possible() -> None:
    counter = CounterAccumulator(QUARTER, FUSE)
    feed(counter, (0, 12), (10, 12.5))
    counter.start_over()
    feed(counter, (12, 9), (15, 9.15))

    assert closed(counter, 15) == [(0, 3, pytest.approx(13 / 15))]
    assert counter.implausible == 1


def test_a_counter_of_imports_less_exports_may_count_down() -> None:
    """-1 kWh and +0.5 kWh in quarters of an hour, through zero."""
    counter = CounterAccumulator(QUARTER, CounterRules(maximum_power=12, can_decrease=True))
    feed(counter, (0, 0.4), (15, -0.6), (30, -0.1), (31, -900), (32, -0.1), (45, -0.1))

    assert closed(counter, 45) == [(0, -4, 1), (15, 2, 1), (30, 0, 1)]


def test_readings_at_one_time_are_part_of_what_the_next_one_tells() -> None:
    """Between 12:05 and 12:15 the meter counts 0.5 kWh, whatever came when."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (5, 100.25), (5, 100.3), (4.5, 100.2), (15, 100.75))

    assert closed(counter, 15) == [(0, 3, 1)]


def test_measuring_begins_anew_when_the_clock_has_been_set_back() -> None:
    counter = CounterAccumulator(QUARTER)
    feed(counter, (60, 100), (75, 101))
    assert closed(counter, 75) == [(60, 4, 1)]
    feed(counter, (15, 101), (30, 102), (75, 105))

    assert closed(counter, 75) == [(15, 4, 1), (30, 4, 1), (45, 4, 1), (60, 4, 1)]


def test_a_clock_that_is_changed_between_two_readings_changes_nothing() -> None:
    """From 01:45 to 03:15 in the night in which 02:00 becomes 03:00: half an hour."""
    zone = ZoneInfo("Europe/Amsterdam")
    counter = CounterAccumulator(QUARTER)
    counter.add(datetime(2026, 3, 29, 1, 45, tzinfo=zone), 100)
    counter.add(datetime(2026, 3, 29, 3, 15, tzinfo=zone), 101)

    slots = counter.close(datetime(2026, 3, 29, 3, 15, tzinfo=zone))
    assert [(slot.value, slot.coverage) for slot in slots] == [(2, 1), (2, 1)]


def test_times_without_zone_are_refused() -> None:
    naive = NOON.replace(tzinfo=None)
    counter = CounterAccumulator(QUARTER)
    with pytest.raises(ValueError, match="time zone"):
        counter.add(naive, 1)
    with pytest.raises(ValueError, match="time zone"):
        counter.alive(naive)
    with pytest.raises(ValueError, match="time zone"):
        counter.close(naive)


@pytest.mark.parametrize(
    ("seconds", "energy", "is_possible"),
    # 12 kW are 0.2 kWh a minute, and ten seconds' count may arrive in an instant.
    [(50, 0.2, True), (50, 0.21, False), (0.01, 0.033, True), (0.01, 0.034, False)],
)
def test_what_the_maximum_power_allows(seconds: float, energy: float, is_possible: bool) -> None:
    begin = CounterReading(NOON, 0)
    end = CounterReading(NOON + timedelta(seconds=seconds), energy)

    assert FUSE.follows(begin, end) is is_possible
    assert CounterRules().follows(begin, end)


@pytest.mark.parametrize(
    ("later", "energy"),
    [
        # A restart, a dip, and what no counter shows.
        (0.89, 0.89),
        (0.91, None),
        (-0.01, None),
    ],
)
def test_a_restart_is_a_fall_to_less_than_nine_tenths(later: float, energy: float | None) -> None:
    fall = CounterReading(NOON, 1), CounterReading(NOON + QUARTER, later)

    assert FUSE.energy_over_fall(*fall) == energy
    assert CounterRules().energy_over_fall(*fall) is None
