"""Why a plan is as it is, and what it saves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .prices import StepPrices, Tariff
from .reach import Reach, Recursion, expected_energies
from .schedule import POWER_TOLERANCE, Block, BlockKind, Schedule
from .storage import Storage
from .storage_state import StorageState

# Share of the capacity, and kWh, within which a stored energy counts as at its limit.
_AT_LIMIT_SHARE = 0.002
_AT_LIMIT = 0.01
# Per kWh: prices that differ by less are equal but for the rounding of a mean.
_EQUAL_PRICE = 1e-9


class BindingConstraint(StrEnum):
    """What keeps a block from doing more."""

    TARGET = "target"
    BAND_LIMIT = "band_limit"
    POWER_LIMIT = "power_limit"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class NextBest:
    """The best step in which the device does not do the same.

    Attributes:
        start: when it begins; the earliest of equally good ones.
        price: per kWh.
        cost_difference: how much dearer the block's energy would be there; negative when it would be cheaper.
    """

    start: datetime
    price: float
    cost_difference: float


@dataclass(frozen=True, slots=True)
class BlockExplanation:
    """Why a block is where it is. Prices are per kWh, costs in their currency; None where something is not known.

    Attributes:
        price: the mean during the block, of consumption or production, whichever it does.
        rank: 1 when no step of the plan has a better price: a lower one to charge, a higher one to discharge.
        ranked: among how many steps with a known price.
        cost: negative for what it earns.
        next_best: None for a block that is idle, and when every other step is used or cannot be.
        binding: what keeps it from doing more.
        energy_at_end: kWh that are expected to be stored then.
    """

    block: Block
    price: float | None
    rank: int | None
    ranked: int
    cost: float | None
    next_best: NextBest | None
    binding: BindingConstraint
    energy_at_end: float | None


@dataclass(frozen=True, slots=True)
class PlanExplanation:
    """What a plan costs, and what else would have. All costs are the device's alone, None where a price is not known.

    Attributes:
        blocks: one for each block of the schedule.
        currency: of all costs.
        energies: kWh expected at each boundary of steps; empty for a device that stores nothing.
        cost: of the plan; negative for what it earns.
        cost_of_doing_nothing: of a device that stays as it is; its stored energy ends elsewhere.
        cost_of_charging_at_once: of reaching the same energy as soon as possible and keeping it.
        saving: what the plan costs less than charging at once, or than doing nothing where there is no at once.
    """

    blocks: tuple[BlockExplanation, ...]
    currency: str
    energies: tuple[float | None, ...]
    cost: float | None
    cost_of_doing_nothing: float | None
    cost_of_charging_at_once: float | None
    saving: float | None


@dataclass(frozen=True, slots=True)
class PlannedStorage:
    """A storage and what was asked of it when it was planned.

    Attributes:
        flows: kW per step of what sensors tell of gain (positive) and usage (negative), as far as known.
    """

    storage: Storage
    state: StorageState
    flows: tuple[float, ...] = ()


def explain(
    schedule: Schedule,
    tariff: Tariff,
    planned: PlannedStorage | None = None,
    *,
    doing_nothing: Sequence[float] | None = None,
    at_once: Sequence[float] | None = None,
) -> PlanExplanation:
    """Return why a schedule is as it is.

    Args:
        schedule: what the server planned.
        tariff: prices that it was planned with.
        planned: the storage; None for a device that stores nothing.
        doing_nothing: W per step of the device left alone, consumption positive; 0 W when None. For solar panels this is
            their forecast, negative.
        at_once: W per step of the device that does it at once; None for what a storage follows from (`charging_at_once`).
            For a process this is its profile at the earliest start.
    """
    count = len(schedule.powers)
    prices = tariff.on_steps(schedule.start, schedule.resolution, count)
    reach = None
    energies: tuple[float | None, ...] = ()
    if planned:
        reach = Reach.of(
            planned.storage,
            planned.state,
            schedule.start,
            schedule.valid_until,
            schedule.resolution,
        )
        energies = expected_energies(
            planned.storage,
            planned.state.stored_energy,
            schedule.powers,
            schedule.resolution,
            planned.flows,
        )
        at_once = charging_at_once(planned, reach, energies) if at_once is None else at_once
    explainer = _Explainer(schedule, prices, planned, reach, energies)
    cost = prices.total(schedule.powers)
    nothing = prices.total(doing_nothing) if doing_nothing is not None else 0.0
    hasty = prices.total(at_once) if at_once is not None else None
    reference = nothing if at_once is None else hasty
    return PlanExplanation(
        explainer.blocks(),
        tariff.currency,
        energies,
        cost,
        nothing,
        hasty,
        None if cost is None or reference is None else reference - cost,
    )


def charging_at_once(
    planned: PlannedStorage, reach: Reach, energies: Sequence[float | None]
) -> tuple[float, ...] | None:
    """Return the W per step with which a storage reaches the plan's last energy, and every target, as soon as it can.

    It keeps that energy against usage, as a thermostat does. None when the plan's last energy is not known.
    """
    last = energies[-1]
    if last is None:
        return None
    storage, flow = planned.storage, planned.storage.known_flow
    recursion = Recursion.of(storage, reach.resolution)
    energy = planned.state.stored_energy
    powers = []
    for index, (consumption, production) in enumerate(
        zip(reach.consumption_limits, reach.production_limits, strict=True)
    ):
        end = reach.boundary(index + 1)
        ahead = [target.energy for target in planned.state.targets if target.time >= end]
        goal = max(last, min(max(ahead, default=last), storage.maximum_energy))
        drift = flow + (planned.flows[index] if index < len(planned.flows) else 0.0)
        gap = goal - recursion.next(energy, 0, drift)
        wanted = gap / (recursion.charged if gap > 0 else recursion.discharged)
        power = max(-production, min(consumption, wanted))
        energy = recursion.next(energy, power, drift)
        powers.append(power)
    return tuple(powers)


@dataclass(frozen=True, slots=True)
class _Explainer:
    """What the explanations of all blocks of one schedule are made from."""

    schedule: Schedule
    prices: StepPrices
    planned: PlannedStorage | None
    reach: Reach | None
    energies: tuple[float | None, ...]

    def blocks(self) -> tuple[BlockExplanation, ...]:
        blocks = self.schedule.blocks()
        free = {
            kind: [
                index
                for block in blocks
                if block.kind is not kind
                for index in range(block.first, block.first + block.count)
            ]
            for kind in (BlockKind.CHARGE, BlockKind.DISCHARGE)
        }
        return tuple(self._block(block, free.get(block.kind, [])) for block in blocks)

    def _block(self, block: Block, free: Sequence[int]) -> BlockExplanation:
        last = block.first + block.count
        energy = self.energies[last] if self.energies else None
        side = self._side(block.kind)
        steps = range(block.first, last)
        costs = [self.prices.cost(index, self.schedule.powers[index]) for index in steps]
        cost = None if any(each is None for each in costs) else sum(each or 0.0 for each in costs)
        known = [price for price in side[block.first : last] if price is not None]
        price = sum(known) / len(known) if len(known) == block.count else None
        if block.kind not in {BlockKind.CHARGE, BlockKind.DISCHARGE} or price is None:
            return BlockExplanation(
                block, price, None, 0, cost, None, self._binding(block, energy), energy
            )
        sign = 1 if block.kind is BlockKind.CHARGE else -1
        ranked = [other for other in side if other is not None]
        better = sum(sign * other < sign * price - _EQUAL_PRICE for other in ranked)
        return BlockExplanation(
            block,
            price,
            better + 1,
            len(ranked),
            cost,
            self._next_best(block, price, side, free),
            self._binding(block, energy),
            energy,
        )

    def _side(self, kind: BlockKind) -> tuple[float | None, ...]:
        return self.prices.production if kind is BlockKind.DISCHARGE else self.prices.consumption

    def _next_best(
        self, block: Block, price: float, side: Sequence[float | None], free: Sequence[int]
    ) -> NextBest | None:
        sign = 1 if block.kind is BlockKind.CHARGE else -1
        deadline = self._deadline(block)
        best: tuple[float, int] | None = None
        for index in free:
            other = side[index]
            if other is None or not self._is_possible(block.kind, index):
                continue
            if index >= deadline:
                break
            if best is None or sign * other < best[0]:
                best = (sign * other, index)
        if best is None or block.energy is None:
            return None
        found = sign * best[0]
        start = self.schedule.start + best[1] * self.schedule.resolution
        return NextBest(start, found, sign * (found - price) * abs(block.energy))

    def _deadline(self, block: Block) -> int:
        """Return before which step a block's energy is needed: that of the next target, if it charges."""
        times = [self.schedule.valid_until]
        if self.planned and block.kind is BlockKind.CHARGE:
            targets = self.planned.state.targets
            times += [target.time for target in targets if target.time >= block.end]
        return (min(times) - self.schedule.start) // self.schedule.resolution

    def _is_possible(self, kind: BlockKind, index: int) -> bool:
        if self.reach is None:
            return True
        if kind is BlockKind.CHARGE:
            return self.reach.consumption_limits[index] > 0
        return self.reach.production_limits[index] > 0

    def _binding(self, block: Block, energy: float | None) -> BindingConstraint:
        if self.planned is None or self.reach is None or block.power is None:
            return BindingConstraint.NONE
        charges = block.kind is BlockKind.CHARGE
        if not charges and block.kind is not BlockKind.DISCHARGE:
            return BindingConstraint.NONE
        storage, state = self.planned.storage, self.planned.state
        tolerance = max(_AT_LIMIT, _AT_LIMIT_SHARE * storage.capacity)
        targets = [target.energy for target in state.targets if target.time >= block.end]
        if energy is not None and any(abs(energy - target) <= tolerance for target in targets):
            return BindingConstraint.TARGET
        if energy is not None and self._is_at_band(block, energy, tolerance):
            return BindingConstraint.BAND_LIMIT
        limits = self.reach.consumption_limits if charges else self.reach.production_limits
        limit = max(limits[block.first : block.first + block.count])
        is_full = abs(block.power) >= limit - POWER_TOLERANCE
        return BindingConstraint.POWER_LIMIT if is_full else BindingConstraint.NONE

    def _is_at_band(self, block: Block, energy: float, tolerance: float) -> bool:
        assert self.planned
        storage, state = self.planned.storage, self.planned.state
        if block.kind is BlockKind.CHARGE:
            limits = [each.energy for each in state.maxima if each.start <= block.end <= each.end]
            return energy >= min([*limits, storage.maximum_energy]) - tolerance
        limits = [each.energy for each in state.minima if each.start <= block.end <= each.end]
        return energy <= max([*limits, storage.minimum_energy]) + tolerance
