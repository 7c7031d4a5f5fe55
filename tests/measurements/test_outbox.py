"""Closed intervals that the server has not confirmed yet."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
import math
from pathlib import Path

import pytest

from custom_components.flexmeasures.measurements.outbox import Outbox
from custom_components.flexmeasures.measurements.outbox_models import (
    Block,
    OutboxError,
    OutboxSensor,
    Priority,
)

from .outbox_samples import (
    DAY,
    INSTANTANEOUS,
    NOON,
    QUARTER,
    Row,
    intervals,
    quarters,
    quarters_block,
    record,
    row,
    starts,
    waiting,
)

BACKFILL = Priority.BACKFILL
MINUTE = timedelta(minutes=1)


def test_what_is_recorded_comes_as_one_block_per_sensor(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1.5, 2.0, -3.25), *quarters(8, 0.0))

    assert outbox.blocks(maximum_values=100) == [
        quarters_block(7, 1.5, 2.0, -3.25),
        quarters_block(8, 0.0),
    ]


def test_intervals_may_come_in_any_order(outbox: Outbox) -> None:
    record(outbox, *reversed(quarters(7, 1, 2, 3)))

    assert outbox.blocks(maximum_values=100) == [quarters_block(7, 1, 2, 3)]


def test_an_empty_outbox_has_no_blocks(outbox: Outbox) -> None:
    assert outbox.blocks(maximum_values=100) == []


def test_the_values_are_those_that_were_measured_to_the_last_bit(outbox: Outbox) -> None:
    values = (0.1 + 0.2, math.pi * 1e300, 5e-324, -1e-9, 2.0**53)
    record(outbox, *quarters(7, *values))

    assert outbox.blocks(maximum_values=100) == [quarters_block(7, *values)]


def test_a_block_holds_no_more_values_than_allowed(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, 2, 3, 4, 5))

    (block,) = outbox.blocks(maximum_values=2)
    outbox.confirm(block, now=NOON)

    assert block == quarters_block(7, 1, 2)
    assert outbox.blocks(maximum_values=2) == [quarters_block(7, 3, 4, start=NOON + 2 * QUARTER)]


def test_a_gap_within_reach_is_sent_as_missing(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1), *quarters(7, 2, start=NOON + 3 * QUARTER))

    assert outbox.blocks(maximum_values=4) == [quarters_block(7, 1, None, None, 2)]
    assert outbox.blocks(maximum_values=3) == [quarters_block(7, 1)]


@pytest.mark.parametrize("gap", [None, math.nan, math.inf, -math.inf])
def test_a_gap_is_nothing_to_send(outbox: Outbox, gap: float | None) -> None:
    record(outbox, *quarters(7, gap, 2, gap))

    assert outbox.blocks(maximum_values=100) == [quarters_block(7, 2, start=NOON + QUARTER)]
    assert outbox.statistics().backlog == 1


def test_an_interval_that_is_recorded_again_replaces_the_unsent_one(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, 2, 3))
    record(outbox, *quarters(7, 1, 20, None))

    assert outbox.blocks(maximum_values=100) == [quarters_block(7, 1, 20)]


def test_of_the_same_interval_twice_in_one_call_the_last_counts(outbox: Outbox) -> None:
    record(outbox, row(7, NOON, 1), row(7, NOON, None), row(8, NOON, None), row(8, NOON, 2))

    assert outbox.blocks(maximum_values=100) == [quarters_block(8, 2)]


def test_an_instantaneous_sensor_is_sent_on_whole_minutes(outbox: Outbox) -> None:
    record(
        outbox,
        row(7, NOON, 55.0, INSTANTANEOUS),
        row(7, NOON + 3 * MINUTE, 54.0, INSTANTANEOUS),
    )

    (block,) = outbox.blocks(maximum_values=100)

    assert block == Block(
        sensor_id=7,
        start=NOON,
        resolution=INSTANTANEOUS,
        priority=Priority.LIVE,
        values=(55.0, None, None, 54.0),
    )
    assert block.duration == 4 * MINUTE
    assert block.interval_count == 2
    assert outbox.confirm(block, now=NOON) == 2
    assert outbox.statistics().backlog == 0


@pytest.mark.parametrize(
    "wrong",
    [
        row(7, NOON.replace(tzinfo=None), 1),
        row(7, NOON + MINUTE, 1),
        row(7, NOON + timedelta(seconds=1), 1, INSTANTANEOUS),
        row(7, NOON, 1, timedelta(seconds=0.5)),
        row(7, NOON, 1, -QUARTER),
    ],
    ids=["naive", "off the grid", "between minutes", "half a second", "negative"],
)
def test_what_fits_on_no_grid_is_refused_and_nothing_is_recorded(
    outbox: Outbox, wrong: Row
) -> None:
    with pytest.raises(ValueError, match=r"time zone|grid|whole seconds"):
        record(outbox, row(7, NOON, 1), wrong)

    assert outbox.statistics().backlog == 0


def test_nothing_less_than_one_value_or_block_can_be_asked_for(outbox: Outbox) -> None:
    with pytest.raises(ValueError, match="at least one"):
        outbox.blocks(maximum_values=0)
    with pytest.raises(ValueError, match="at least one"):
        outbox.blocks(maximum_values=1, maximum_blocks=0)


def test_a_block_comes_again_until_it_is_confirmed(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, 2))
    first = outbox.blocks(maximum_values=100)

    assert outbox.blocks(maximum_values=100) == first
    assert outbox.confirm(*first, now=NOON) == 2
    assert outbox.blocks(maximum_values=100) == []
    assert outbox.confirm(*first, now=NOON) == 0


def test_only_what_was_sent_is_confirmed(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, 2, 3))
    (sent,) = outbox.blocks(maximum_values=100)
    record(outbox, *quarters(7, 1, 20, 3, 4))

    assert outbox.confirm(sent, now=NOON) == 2
    assert outbox.blocks(maximum_values=100) == [
        quarters_block(7, 20, None, 4, start=NOON + QUARTER)
    ]


def test_a_gap_in_a_block_confirms_nothing(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, None, 3))
    (sent,) = outbox.blocks(maximum_values=100)
    record(outbox, row(7, NOON + QUARTER, 2))
    outbox.confirm(sent, now=NOON)

    assert outbox.blocks(maximum_values=100) == [quarters_block(7, 2, start=NOON + QUARTER)]


def test_the_sensors_with_the_oldest_intervals_come_first(outbox: Outbox) -> None:
    record(outbox, *quarters(1, 1), *quarters(2, 1, start=NOON - QUARTER), *quarters(3, 1))

    blocks = outbox.blocks(maximum_values=100)

    assert starts(blocks) == [(2, NOON - QUARTER), (1, NOON), (3, NOON)]
    assert outbox.blocks(maximum_values=100, maximum_blocks=2) == blocks[:2]
    assert outbox.blocks(maximum_values=100, except_sensors={2, 3}) == blocks[1:2]


def test_live_intervals_come_before_back_fill(outbox: Outbox) -> None:
    record(outbox, *quarters(1, 8, 9, start=NOON - DAY), priority=BACKFILL)
    record(outbox, *quarters(2, 7, start=NOON - DAY), priority=BACKFILL)
    record(outbox, *quarters(2, 1, 2))

    first = outbox.blocks(maximum_values=100)
    outbox.confirm(*first, now=NOON)

    assert first == [
        quarters_block(2, 1, 2),
        quarters_block(1, 8, 9, start=NOON - DAY, priority=BACKFILL),
    ]
    assert outbox.blocks(maximum_values=100) == [
        quarters_block(2, 7, start=NOON - DAY, priority=BACKFILL)
    ]


@pytest.mark.parametrize(("first", "then"), [tuple(Priority), tuple(reversed(Priority))])
def test_the_last_value_counts_whatever_its_priority(
    outbox: Outbox, first: Priority, then: Priority
) -> None:
    record(outbox, *quarters(7, 1, 2, 3), priority=first)
    sent = outbox.blocks(maximum_values=100)
    record(outbox, *quarters(7, 1, 20, None), priority=then)

    assert outbox.blocks(maximum_values=100) == [quarters_block(7, 1, 20, priority=then)]
    assert outbox.confirm(*sent, now=NOON) == 1
    assert waiting(outbox) == {(7, NOON + QUARTER): 20}


def test_a_new_resolution_starts_a_new_block(outbox: Outbox) -> None:
    five = timedelta(minutes=5)
    record(outbox, *quarters(7, 1, 2))
    record(outbox, *(row(7, NOON + 2 * QUARTER + index * five, index, five) for index in range(3)))

    (old,) = outbox.blocks(maximum_values=100)
    outbox.confirm(old, now=NOON)
    (new,) = outbox.blocks(maximum_values=100)

    assert old == quarters_block(7, 1, 2)
    assert (new.start, new.resolution, new.values) == (NOON + 2 * QUARTER, five, (0, 1, 2))


def test_a_parked_sensor_keeps_its_intervals_and_delays_nobody(path: Path, outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1), *quarters(8, 2))
    outbox.park(7, "deleted on the server")
    record(outbox, row(7, NOON + QUARTER, 3))

    assert outbox.blocks(maximum_values=100) == [quarters_block(8, 2)]
    outbox.close()
    with closing(Outbox.open(path, now=NOON)) as reopened:
        assert reopened.parked() == {7: "deleted on the server"}
        assert reopened.statistics().backlog == 3
        reopened.unpark(7)
        assert reopened.parked() == {}
        assert starts(reopened.blocks(maximum_values=100)) == [(7, NOON), (8, NOON)]


def test_a_sensor_can_be_parked_before_it_has_intervals(outbox: Outbox) -> None:
    outbox.park(7, "not allowed")
    outbox.park(7, "deleted")
    record(outbox, *quarters(7, 1))

    assert outbox.parked() == {7: "deleted"}
    assert outbox.blocks(maximum_values=100) == []


def test_a_discarded_sensor_is_forgotten(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, 2), *quarters(8, 3))
    (sent, _) = outbox.blocks(maximum_values=100)

    assert outbox.discard(7) == 2
    assert outbox.confirm(sent, now=NOON) == 0
    assert set(outbox.sensors()) == {8}
    record(outbox, *quarters(7, 4))
    assert waiting(outbox) == {(7, NOON): 4, (8, NOON): 3}


def test_each_sensor_is_described(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, 2, None))
    record(outbox, *quarters(7, 1, start=NOON - DAY), priority=BACKFILL)
    record(outbox, *quarters(8, 1, start=NOON - DAY), priority=BACKFILL)
    outbox.confirm(*outbox.blocks(maximum_values=1, except_sensors={8}), now=NOON + DAY)
    outbox.park(8, "deleted")

    assert outbox.sensors() == {
        7: OutboxSensor(
            backlog=2,
            oldest=NOON - DAY,
            oldest_live=NOON + QUARTER,
            recorded_until=NOON + 3 * QUARTER,
            confirmed_at=NOON + DAY,
            parked=None,
            audited_at=None,
            last_sent=1.0,
            last_sent_start=NOON,
        ),
        8: OutboxSensor(
            backlog=1,
            oldest=NOON - DAY,
            oldest_live=None,
            recorded_until=None,
            confirmed_at=None,
            parked="deleted",
            audited_at=None,
            last_sent=None,
            last_sent_start=None,
        ),
    }


def test_what_is_recorded_late_does_not_put_the_end_back(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, 2))
    record(outbox, *quarters(7, 1, start=NOON - DAY))

    assert outbox.sensors()[7].recorded_until == NOON + 2 * QUARTER


def test_the_numbers_survive_a_restart(path: Path, outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, 2, 3), *quarters(8, 1))
    outbox.confirm(outbox.blocks(maximum_values=2)[0], now=NOON + QUARTER)
    outbox.count_lost(5)
    outbox.count_lost(6)
    outbox.close()

    with closing(Outbox.open(path, now=NOON)) as reopened:
        statistics = reopened.statistics()

    assert (statistics.backlog, statistics.oldest) == (2, NOON)
    assert statistics.confirmed_at == NOON + QUARTER
    assert (statistics.dropped, statistics.lost, statistics.corrupt_files) == (0, 11, 0)
    assert statistics.bytes >= path.stat().st_size


def test_a_closed_outbox_says_so(outbox: Outbox) -> None:
    outbox.close()
    outbox.close()

    with pytest.raises(OutboxError, match="closed"):
        record(outbox, *quarters(7, 1))
    with pytest.raises(OutboxError, match="closed"):
        outbox.blocks(maximum_values=1)


def test_threads_may_use_it_at_the_same_time(outbox: Outbox) -> None:
    delivered: dict[tuple[int, datetime], float] = {}

    def use(sensor: int) -> None:
        for index in range(20):
            record(outbox, row(sensor, NOON + index * QUARTER, index))
            others = set(range(8)) - {sensor}
            for block in outbox.blocks(maximum_values=5, except_sensors=others):
                if index % 3:
                    delivered.update(intervals(block))
                    outbox.confirm(block, now=NOON)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(8)))

    assert delivered | waiting(outbox) == {
        (sensor, NOON + index * QUARTER): index for sensor in range(8) for index in range(20)
    }
