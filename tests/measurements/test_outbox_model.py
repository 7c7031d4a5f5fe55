"""The outbox beside a model of it, over any sequence of what can happen to it and to its server."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
import shutil
from tempfile import TemporaryDirectory
from typing import override

from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from custom_components.flexmeasures.measurements import Interval
from custom_components.flexmeasures.measurements.outbox import Outbox
from custom_components.flexmeasures.measurements.outbox_models import Block, Priority
from custom_components.flexmeasures.measurements.outbox_sent import SENT_IS_KNOWN_FOR

from .outbox_samples import DAY, NOON

SENSORS = st.integers(1, 4)
# A changed resolution, and an instantaneous sensor.
RESOLUTIONS = st.sampled_from([timedelta(minutes=15), timedelta(minutes=5), timedelta()])
VALUES = st.none() | st.sampled_from([0.0, 1.0, 2.5, -3.0])
MAXIMUM_AGE = 2 * DAY

type Slot = tuple[int, timedelta, datetime]


@dataclass(frozen=True, slots=True)
class Unsent:
    """What the model knows of an interval in the outbox."""

    value: float
    priority: Priority


def step_of(resolution: timedelta) -> timedelta:
    """Return the distance between two intervals."""
    return resolution or timedelta(minutes=1)


class OutboxMachine(RuleBasedStateMachine):
    """Holds what should be in the outbox, what the server stores, and which answers are still to come."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.life = 0
        self.now = NOON
        self.unsent: dict[Slot, Unsent] = {}
        self.wanted: dict[Slot, float] = {}
        self.stored: dict[Slot, float] = {}
        self.parked: dict[int, str] = {}
        self.confirmed_at: dict[int, datetime] = {}
        self.sent: dict[Slot, float] = {}
        self.under_way: list[Block] = []
        self.dropped = 0

    @property
    def path(self) -> Path:
        """Return where the file is in this life."""
        return Path(self.folder.name) / str(self.life) / "outbox.sqlite"

    @initialize()
    def start(self) -> None:
        """Make a new outbox."""
        self.path.parent.mkdir()
        self.open()

    def open(self) -> None:
        """Open what is on the disk, which is never damaged."""
        self.outbox = Outbox.open(self.path, now=self.now, maximum_age=MAXIMUM_AGE)
        assert self.outbox.set_aside is None

    @rule(
        rows=st.lists(
            st.tuples(SENSORS, RESOLUTIONS, st.integers(0, 12), VALUES), min_size=1, max_size=12
        ),
        priority=st.sampled_from(Priority),
        days_ago=st.sampled_from([0, 0, 0, 1, 3]),
    )
    def record(
        self,
        rows: list[tuple[int, timedelta, int, float | None]],
        priority: Priority,
        days_ago: int,
    ) -> None:
        """Record closed intervals; some of them replace others."""
        slots: dict[Slot, float | None] = {
            (
                sensor,
                resolution,
                self.now - days_ago * DAY + position * step_of(resolution),
            ): value
            for sensor, resolution, position, value in rows
        }
        self.outbox.record(
            [
                (sensor, resolution, Interval(start=start, value=value, coverage=1.0))
                for (sensor, resolution, start), value in slots.items()
            ],
            now=self.now,
            priority=priority,
        )
        for slot, value in slots.items():
            self.forget(slot)
            if value is not None:
                self.unsent[slot] = Unsent(value, priority)
                self.wanted[slot] = value
        self.drop_old()

    def forget(self, slot: Slot) -> None:
        """Take an interval out of the model, and with it the claim on what the server has."""
        self.unsent.pop(slot, None)
        self.wanted.pop(slot, None)

    def drop_old(self) -> None:
        """Do what the bound does: too old is a live interval that began before it."""
        for slot, unsent in list(self.unsent.items()):
            if unsent.priority is Priority.LIVE and slot[2] < self.now - MAXIMUM_AGE:
                self.forget(slot)
                self.dropped += 1

    @rule(days=st.integers(1, 3))
    def let_time_pass(self, days: int) -> None:
        """Leave the server away for days."""
        self.now += days * DAY

    def take(self, maximum_values: int, maximum_blocks: int | None = None) -> list[Block]:
        """Take what is to be sent, and see that it is right."""
        busy = {block.sensor_id for block in self.under_way}
        blocks = self.outbox.blocks(
            maximum_values=maximum_values, maximum_blocks=maximum_blocks, except_sensors=busy
        )
        assert blocks == self.expected_blocks(maximum_values, busy)[:maximum_blocks]
        return blocks

    def expected_blocks(self, maximum_values: int, busy: set[int]) -> list[Block]:
        """Return the blocks as they follow from the model."""
        first: dict[int, tuple[Priority, datetime]] = {}
        for (sensor, _, start), unsent in self.unsent.items():
            if sensor not in self.parked and sensor not in busy:
                rank = (unsent.priority, start)
                first[sensor] = min(first.get(sensor, rank), rank)
        blocks = []
        for sensor, (priority, start) in sorted(
            first.items(), key=lambda item: (*item[1], item[0])
        ):
            (*_, known) = self.outbox.blocks(
                maximum_values=1, except_sensors=set(range(10)) - {sensor}
            )
            # Where two resolutions begin at the same time, either may go first.
            resolution = known.resolution
            assert (sensor, resolution, start) in self.unsent
            values = [
                self.unsent.get((sensor, resolution, start + index * step_of(resolution)))
                for index in range(maximum_values)
            ]
            block = [
                unsent.value if unsent and unsent.priority is priority else None
                for unsent in values
            ]
            while block[-1] is None:
                block.pop()
            blocks.append(
                Block(
                    sensor_id=sensor,
                    start=start,
                    resolution=resolution,
                    priority=priority,
                    values=tuple(block),
                )
            )
        return blocks

    def store(self, block: Block) -> None:
        """Do what the server does: keep the values, whatever was there; a gap is nothing."""
        self.stored |= dict(slots_of(block))

    def confirm(self, *blocks: Block) -> None:
        """Tell the outbox that the server has confirmed."""
        removed = 0
        for block in blocks:
            for slot, value in slots_of(block):
                if slot in self.unsent and self.unsent[slot].value == value:
                    del self.unsent[slot]
                    removed += 1
            self.confirmed_at[block.sensor_id] = self.now
            self.keep_sent(block)
        assert self.outbox.confirm(*blocks, now=self.now) == removed

    def keep_sent(self, block: Block) -> None:
        """Know what was confirmed, and forget what of it is older than two days."""
        oldest = self.now - SENT_IS_KNOWN_FOR
        series = (block.sensor_id, block.resolution)
        self.sent = {
            slot: value
            for slot, value in (self.sent | dict(slots_of(block))).items()
            if slot[:2] != series or slot[2] >= oldest
        }

    @rule(maximum_values=st.integers(1, 8), maximum_blocks=st.none() | st.integers(1, 3))
    def send(self, maximum_values: int, maximum_blocks: int | None) -> None:
        """Send, and hear that all is well."""
        blocks = self.take(maximum_values, maximum_blocks)
        for block in blocks:
            self.store(block)
        self.confirm(*blocks)

    @rule(maximum_values=st.integers(1, 8))
    def send_in_vain(self, maximum_values: int) -> None:
        """Send while the server refuses: nothing changes."""
        self.take(maximum_values)

    @rule(maximum_values=st.integers(1, 8))
    def lose_the_answer(self, maximum_values: int) -> None:
        """Send, and hear nothing although the server stores."""
        for block in self.take(maximum_values):
            self.store(block)

    @rule(maximum_values=st.integers(1, 8))
    def send_and_wait(self, maximum_values: int) -> None:
        """Send, and hear later: the server's worker takes its time."""
        for block in self.take(maximum_values):
            self.store(block)
            self.under_way.append(block)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def hear(self, data: st.DataObject) -> None:
        """Hear of a block that was sent before; meanwhile some of its values may have been replaced."""
        block = data.draw(st.sampled_from(self.under_way))
        self.under_way.remove(block)
        self.confirm(block)

    @rule(sensor=SENSORS, reason=st.sampled_from(["deleted", "not allowed"]))
    def park(self, sensor: int, reason: str) -> None:
        """Hear that the server refuses a sensor."""
        self.outbox.park(sensor, reason)
        self.parked[sensor] = reason

    @rule(sensor=SENSORS)
    def unpark(self, sensor: int) -> None:
        """Try a sensor again."""
        self.outbox.unpark(sensor)
        self.parked.pop(sensor, None)

    @rule()
    def reopen(self) -> None:
        """Restart in good order."""
        self.outbox.close()
        self.open()
        self.under_way.clear()

    @rule()
    def crash(self) -> None:
        """Go on with what a killed process leaves: the files as they are while the outbox is open."""
        old = self.path
        self.life += 1
        self.path.parent.mkdir()
        for suffix in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copy(f"{old}{suffix}", f"{self.path}{suffix}")
        self.outbox.close()
        self.open()
        self.under_way.clear()

    @invariant()
    def the_numbers_are_those_of_the_model(self) -> None:
        """Compare what the outbox tells with the model."""
        statistics = self.outbox.statistics()
        assert statistics.backlog == len(self.unsent)
        assert statistics.oldest == min((start for _, _, start in self.unsent), default=None)
        assert statistics.confirmed_at == max(self.confirmed_at.values(), default=None)
        assert (statistics.dropped, statistics.lost, statistics.corrupt_files) == (
            self.dropped,
            0,
            0,
        )
        assert self.outbox.parked() == self.parked
        sensors = self.outbox.sensors()
        backlog = {sensor: known.backlog for sensor, known in sensors.items() if known.backlog}
        assert backlog == counted(self.unsent, lambda slot: slot[0])

    @invariant()
    def what_the_server_confirmed_is_known(self) -> None:
        """Of the last two days, without what is unsent again."""
        for sensor in range(1, 5):
            for resolution in (timedelta(minutes=15), timedelta(minutes=5), timedelta()):
                known = self.outbox.sent(sensor, resolution, "", since=NOON - 30 * DAY)
                assert known == {
                    slot[2]: value
                    for slot, value in self.sent.items()
                    if slot[:2] == (sensor, resolution) and slot not in self.unsent
                }

    @invariant()
    def nothing_is_lost(self) -> None:
        """Whatever was recorded last is unsent or stored, unless the bound took it."""
        for slot, value in self.wanted.items():
            if slot not in self.unsent:
                assert self.stored[slot] == value

    @override
    def teardown(self) -> None:
        """Let the server come back for good: it ends with the last value of every interval."""
        if not hasattr(self, "outbox"):
            return
        self.under_way.clear()
        for sensor in list(self.parked):
            self.unpark(sensor)
        while blocks := self.take(5):
            for block in blocks:
                self.store(block)
            self.confirm(*blocks)
        assert self.unsent == {}
        self.nothing_is_lost()
        self.outbox.close()
        self.folder.cleanup()


def slots_of(block: Block) -> list[tuple[Slot, float]]:
    """Return what a block delivers."""
    return [
        ((block.sensor_id, block.resolution, block.start + index * block.step), value)
        for index, value in enumerate(block.values)
        if value is not None
    ]


def counted(slots: dict[Slot, Unsent], key: Callable[[Slot], int]) -> dict[int, int]:
    """Return how many slots have each key."""
    counts: dict[int, int] = {}
    for slot in slots:
        counts[key(slot)] = counts.get(key(slot), 0) + 1
    return counts


TestOutboxMachine = OutboxMachine.TestCase
TestOutboxMachine.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
