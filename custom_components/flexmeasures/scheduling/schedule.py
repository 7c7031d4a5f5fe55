"""The time line of one flexible device."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
import math

from .grid import as_utc, hours
from .prices import Tariff

# W: below the resolution of what inverters, chargers and switches are told.
POWER_TOLERANCE = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a schedule.

    Attributes:
        power: W, consumption positive; None where the server gave no value.
    """

    start: datetime
    end: datetime
    power: float | None


class BlockKind(StrEnum):
    """What a device does during a block."""

    CHARGE = "charge"
    DISCHARGE = "discharge"
    IDLE = "idle"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive steps at the same power.

    Attributes:
        kind: charge for whatever consumes, discharge for whatever produces, unknown where the server gave no value.
        power: W, the mean, consumption positive; None for an unknown one.
        first: index of its first step.
        count: how many steps it has.
    """

    start: datetime
    end: datetime
    kind: BlockKind
    power: float | None
    first: int
    count: int

    @property
    def energy(self) -> float | None:
        """Return the kWh, consumption positive; None for an unknown block."""
        return None if self.power is None else self.power / 1000 * hours(self.end - self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Power of one flexible device, step by step, as one job of the server computed it.

    Attributes:
        start: begin of the first step.
        resolution: length of every step, as the answer gave it.
        powers: W per step, consumption positive; None where the server gave no value.
        computed_at: when the answer was received.
        schedule_id: the job that computed it.
        scheduler: what the server calls the scheduler that computed it; empty when it does not tell.
    """

    start: datetime
    resolution: timedelta
    powers: tuple[float | None, ...]
    computed_at: datetime
    schedule_id: str
    scheduler: str = ""

    def __post_init__(self) -> None:
        """Bring times to UTC and refuse what is not a time line.

        Raises:
            ValueError: a time is naive, there is no step, steps have no length, or a power is not finite.
        """
        object.__setattr__(self, "start", as_utc(self.start, "start"))
        object.__setattr__(self, "computed_at", as_utc(self.computed_at, "computed_at"))
        if not self.powers:
            raise ValueError("a schedule needs at least one step")
        if self.resolution <= timedelta(0):
            raise ValueError("steps need a positive length")
        if not all(power is None or math.isfinite(power) for power in self.powers):
            raise ValueError("powers must be finite")

    @property
    def valid_until(self) -> datetime:
        """When the last step ends; nothing may follow this schedule from then on."""
        return self.start + len(self.powers) * self.resolution

    @property
    def is_flat_fallback(self) -> bool:
        """Tell whether an older server gave up and answered with one power for all steps: not to be carried out."""
        return "fallback" in self.scheduler.lower() and len(set(self.powers)) == 1

    def steps(self) -> Iterator[Step]:
        """Yield every step in order of time."""
        for index in range(len(self.powers)):
            yield self._step(index)

    def step_at(self, time: datetime) -> Step | None:
        """Return the step that holds at the time; None outside the schedule."""
        index = (time - self.start) // self.resolution
        return self._step(index) if 0 <= index < len(self.powers) else None

    def power_at(self, time: datetime) -> float | None:
        """Return the power in W at the time, consumption positive; None where nothing is planned."""
        step = self.step_at(time)
        return step.power if step else None

    def next_boundary(self, time: datetime) -> datetime | None:
        """Return when the next step begins or the schedule ends, strictly after the time; None when it is over."""
        if time < self.start:
            return self.start
        if time >= self.valid_until:
            return None
        return self.start + ((time - self.start) // self.resolution + 1) * self.resolution

    def next_change(self, time: datetime, tolerance: float = POWER_TOLERANCE) -> Step | None:
        """Return the first step after the time whose power differs from that at the time.

        Args:
            time: aware; before the schedule the first step is the change.
            tolerance: W that count as equal.

        Returns:
            None when nothing changes until the schedule ends, or it is over.
        """
        if time < self.start:
            return self._step(0)
        index = (time - self.start) // self.resolution
        if index >= len(self.powers):
            return None
        for later in range(index + 1, len(self.powers)):
            if not _equal(self.powers[later], self.powers[index], tolerance):
                return self._step(later)
        return None

    def blocks(self, tolerance: float = POWER_TOLERANCE) -> tuple[Block, ...]:
        """Return the steps gathered into blocks of equal power, without gaps, in order of time.

        Args:
            tolerance: W by which a step may differ from the first of its block, and by which idle may differ from 0.
        """
        begins = [0]
        for index in range(1, len(self.powers)):
            first, power = self.powers[begins[-1]], self.powers[index]
            if not _equal(first, power, tolerance) or block_kind(first, tolerance) != block_kind(
                power, tolerance
            ):
                begins.append(index)
        ends = [*begins[1:], len(self.powers)]
        return tuple(
            self._block(begin, end, tolerance) for begin, end in zip(begins, ends, strict=True)
        )

    @property
    def consumed_energy(self) -> float:
        """Return the kWh consumed; steps without a value count nothing."""
        return self._energy(1)

    @property
    def produced_energy(self) -> float:
        """Return the kWh produced, positive; steps without a value count nothing."""
        return self._energy(-1)

    @property
    def energy(self) -> float:
        """Return the kWh consumed less the kWh produced; steps without a value count nothing."""
        return self.consumed_energy - self.produced_energy

    def cost(self, tariff: Tariff) -> float | None:
        """Return what it costs in the tariff's currency; negative for what it earns.

        It is the device's alone, as if all went through the grid's connection. None when a power or the price of a step
        in which power flows is not known.
        """
        prices = tariff.on_steps(self.start, self.resolution, len(self.powers))
        return prices.total(self.powers)

    def _step(self, index: int) -> Step:
        begin = self.start + index * self.resolution
        return Step(begin, begin + self.resolution, self.powers[index])

    def _block(self, begin: int, end: int, tolerance: float) -> Block:
        known = [power for power in self.powers[begin:end] if power is not None]
        return Block(
            self.start + begin * self.resolution,
            self.start + end * self.resolution,
            block_kind(self.powers[begin], tolerance),
            math.fsum(known) / len(known) if known else None,
            begin,
            end - begin,
        )

    def _energy(self, sign: int) -> float:
        flowing = (sign * power for power in self.powers if power is not None and sign * power > 0)
        return math.fsum(flowing) / 1000 * hours(self.resolution)


def _equal(first: float | None, second: float | None, tolerance: float) -> bool:
    if first is None or second is None:
        return first is second
    return abs(first - second) <= tolerance


def block_kind(power: float | None, tolerance: float = POWER_TOLERANCE) -> BlockKind:
    """Return what a device does at a power in W, consumption positive; within the tolerance it is idle."""
    if power is None:
        return BlockKind.UNKNOWN
    if abs(power) <= tolerance:
        return BlockKind.IDLE
    return BlockKind.CHARGE if power > 0 else BlockKind.DISCHARGE
