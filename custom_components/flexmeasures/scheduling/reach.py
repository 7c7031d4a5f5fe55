"""The stored energy that powers lead to, and the most and the least that can be reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
import math
from typing import TYPE_CHECKING, Self

from .grid import hours, step_starts

if TYPE_CHECKING:
    from .storage import Storage
    from .storage_state import StorageState

# kWh that sums of floats may be off.
ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Recursion:
    """FlexMeasures' own recursion of the stored energy, for steps of one length.

    With ``s`` the stored energy in kWh, ``c`` and ``p`` the power consumed and produced, ``f`` the further flow into the
    storage, all in kW, ``ec`` and ``ed`` the efficiencies, ``h`` the hours of a step, and ``r`` the share that is left
    after a step without power: ``s' = r s + h (ec c - p / ed + f) (r - 1) / ln r``; the last factor is 1 for r = 1.
    It agrees with the scheduler of FlexMeasures 1.0.1 (``device_scheduler``) within 1e-6 kWh over 96 steps.

    Attributes:
        retained: share that is left after a step without power.
        charged: kWh stored per W consumed during a step.
        discharged: kWh taken out per W produced during a step.
        drifted: kWh stored during a step per kW of flow into the storage.
    """

    retained: float
    charged: float
    discharged: float
    drifted: float

    @classmethod
    def of(cls, storage: Storage, resolution: timedelta) -> Self:
        """Return the recursion of a storage for steps of a length."""
        length = hours(resolution)
        retained = storage.retention**length
        drifted = length * ((retained - 1) / math.log(retained) if retained < 1 else 1)
        return cls(
            retained,
            drifted * storage.charging_efficiency / 1000,
            drifted / storage.discharging_efficiency / 1000,
            drifted,
        )

    def next(self, energy: float, power: float, flow: float) -> float:
        """Return the energy in kWh after a step.

        Args:
            energy: kWh before it.
            power: W, consumption positive.
            flow: kW of further flow into the storage; negative for usage.
        """
        exchanged = power * (self.charged if power > 0 else self.discharged)
        return self.retained * energy + exchanged + flow * self.drifted


def expected_energies(
    storage: Storage,
    stored_energy: float,
    powers: Sequence[float | None],
    resolution: timedelta,
    flows: Sequence[float] | None = None,
) -> tuple[float | None, ...]:
    """Return the expected energy in kWh at each boundary of steps: one more than there are powers.

    Args:
        storage: whose.
        stored_energy: kWh at the start of the first step.
        powers: W per step, consumption positive; from the first None on nothing is expected.
        resolution: length of a step.
        flows: kW per step of what sensors tell of gain (positive) and usage (negative), as far as known. Constant gain
            and usage are known from the storage.
    """
    recursion = Recursion.of(storage, resolution)
    known = storage.known_flow
    energies: list[float | None] = [stored_energy]
    energy = stored_energy
    for index, power in enumerate(powers):
        if power is None:
            break
        flow = known + (flows[index] if flows and index < len(flows) else 0.0)
        energy = recursion.next(energy, power, flow)
        energies.append(energy)
    return (*energies, *[None] * (len(powers) + 1 - len(energies)))


@dataclass(frozen=True, slots=True)
class Reach:
    """Between which energies a storage can be at each boundary of steps.

    Attributes:
        start: of the first step.
        resolution: length of a step.
        consumption_limits: W per step, at most.
        production_limits: W per step, at most; positive.
        highest: kWh at each boundary when it always charges at full power, as far as its band allows.
        lowest: kWh at each boundary when it always discharges at full power, as far as its band allows.
    """

    start: datetime
    resolution: timedelta
    consumption_limits: tuple[float, ...]
    production_limits: tuple[float, ...]
    highest: tuple[float, ...]
    lowest: tuple[float, ...]

    @classmethod
    def of(
        cls,
        storage: Storage,
        state: StorageState,
        start: datetime,
        end: datetime,
        resolution: timedelta,
    ) -> Self:
        """Return what a storage can reach from start to end; what sensors tell of usage is not known here."""
        limits = power_limits(storage, state, start, end, resolution)
        recursion = Recursion.of(storage, resolution)
        flow = storage.known_flow
        high = low = state.stored_energy
        highest, lowest = [high], [low]
        for consumption, production in limits:
            idle = recursion.next(high, 0, flow)
            charged = recursion.next(high, consumption, flow)
            high = max(idle, min(charged, storage.maximum_energy))
            highest.append(high)
            idle = recursion.next(low, 0, flow)
            discharged = recursion.next(low, -production, flow)
            low = min(idle, max(discharged, storage.minimum_energy))
            lowest.append(low)
        return cls(
            start,
            resolution,
            tuple(consumption for consumption, _ in limits),
            tuple(production for _, production in limits),
            tuple(highest),
            tuple(lowest),
        )

    def boundary(self, index: int) -> datetime:
        """Return when the step of the index begins."""
        return self.start + index * self.resolution

    def index(self, time: datetime) -> int:
        """Return the last boundary at or before the time, within the planned time."""
        index = (time - self.start) // self.resolution
        return max(0, min(len(self.highest) - 1, index))

    def when_above(self, energy: float, since: datetime) -> datetime | None:
        """Return the first boundary at or after a time at which the energy (kWh) can be reached by charging."""
        for index in range(self.index(since), len(self.highest)):
            if self.highest[index] >= energy - ROUNDING:
                return max(since, self.boundary(index))
        return None

    def when_below(self, energy: float, since: datetime) -> datetime | None:
        """Return the first boundary at or after a time at which the energy (kWh) can be reached by discharging."""
        for index in range(self.index(since), len(self.lowest)):
            if self.lowest[index] <= energy + ROUNDING:
                return max(since, self.boundary(index))
        return None


def power_limits(
    storage: Storage, state: StorageState, start: datetime, end: datetime, resolution: timedelta
) -> list[tuple[float, float]]:
    """Return W of consumption and production per step; a window counts for every step that it touches."""
    starts = list(step_starts(start, end, resolution))
    limits = [(storage.charging_power, storage.discharging_power)] * len(starts)
    for window in state.power_windows:
        first = max(0, (window.start - start) // resolution)
        last = -((start - window.end) // resolution)
        for index in range(first, min(last, len(limits))):
            consumption, production = limits[index]
            limits[index] = (
                min(consumption, window.consumption),
                min(production, window.production),
            )
    return limits
