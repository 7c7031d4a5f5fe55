"""What the outbox may hold: what is dropped first, and what room is given back."""

from contextlib import closing
from datetime import datetime
from pathlib import Path

from custom_components.flexmeasures.measurements.outbox import Outbox
from custom_components.flexmeasures.measurements.outbox_models import Priority

from .outbox_samples import DAY, NOON, QUARTER, Row, quarters, record, waiting

BACKFILL = Priority.BACKFILL


def test_what_is_older_than_the_bound_is_dropped_and_counted(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, 2, 3), *quarters(8, 4, 5))
    record(outbox, *quarters(8, 6, start=NOON), priority=BACKFILL)

    record(outbox, *quarters(7, 9, start=NOON + 30 * DAY), now=NOON + 30 * DAY + QUARTER)

    assert outbox.statistics().dropped == 2 - 1
    assert waiting(outbox) == {
        (7, NOON + QUARTER): 2,
        (7, NOON + 2 * QUARTER): 3,
        (7, NOON + 30 * DAY): 9,
        (8, NOON): 6,
        (8, NOON + QUARTER): 5,
    }


def days(sensor: int, count: int, *, end: datetime = NOON) -> list[Row]:
    """Return quarter-hours of so many days before the end."""
    return quarters(sensor, *range(96 * count), start=end - count * DAY)


def test_when_the_file_is_full_the_oldest_of_all_sensors_are_dropped(path: Path) -> None:
    with closing(Outbox.open(path, now=NOON, maximum_bytes=100_000)) as outbox:
        rows = [*days(7, 20), *days(8, 25), *days(9, 10)]
        for day in range(25, 0, -1):
            begin = NOON - day * DAY
            record(outbox, *(each for each in rows if begin <= each[2].start < begin + DAY))
        statistics = outbox.statistics()
        kept = waiting(outbox)

    assert statistics.dropped == 55 * 96 - statistics.backlog > 0
    assert len(kept) == statistics.backlog
    # Of what is there, everything from some time on; and not much less than fits at 22 bytes.
    oldest = min(start for _, start in kept)
    assert {key for key in kept if key[1] > oldest} == {
        (sensor, each.start) for sensor, _, each in rows if each.start > oldest
    }
    assert 100_000 / len(kept) < 35


def test_a_full_file_stays_within_its_bound(path: Path) -> None:
    with closing(Outbox.open(path, now=NOON, maximum_bytes=200_000)) as outbox:
        for day in range(30):
            for sensor in range(10):
                record(outbox, *days(sensor, 1, end=NOON + day * DAY), now=NOON + day * DAY)
        outbox.close()

        assert path.stat().st_size <= 250_000


def test_back_fill_is_dropped_before_live_intervals(path: Path) -> None:
    with closing(Outbox.open(path, now=NOON, maximum_bytes=100_000)) as outbox:
        live = days(7, 20)
        record(outbox, *live)
        record(outbox, *days(8, 60, end=NOON + 60 * DAY), priority=BACKFILL)

        kept = waiting(outbox)

    assert {start for sensor, start in kept if sensor == 7} == {each.start for _, _, each in live}
    assert 0 < len(kept) - len(live) < 60 * 96


def test_a_bound_below_everything_drops_everything(path: Path) -> None:
    with closing(Outbox.open(path, now=NOON, maximum_bytes=1)) as outbox:
        record(outbox, *quarters(7, 1, 2))

        assert outbox.statistics().dropped == 2
        assert outbox.blocks(maximum_values=100) == []


def test_room_is_given_back_when_all_is_sent(path: Path, outbox: Outbox) -> None:
    for sensor in range(30):
        record(outbox, *days(sensor, 30))
    full = outbox.statistics().bytes

    waiting(outbox)
    outbox.close()

    assert full > 1_500_000
    # Up to 200 pages are kept for what comes next.
    assert path.stat().st_size < 900_000
