"""Operation modes of one actuator, alike for all control types that have them, and the ways from one to another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count
import math
from typing import NamedTuple

from ..messages import ddbc, ombc
from ..messages.components import Timer, Transition
from .spans import NOTHING, Span, electric_span

# More are never needed at once; an actuator with more modes in flux computes its ways anew.
_KEPT_ROUTES = 256
# The least change of power that is worth an instruction: below it meters and converters only make noise.
_DEADBAND = 10.0  # W
_DEADBAND_SHARE = 0.01  # of the actuator's whole range


class Element(NamedTuple):
    """What a mode does while the fill level lies within ``[low, high]``.

    Attributes:
        power: W, consumption positive.
        rate: change of the fill level (or supply of heat) per second.
    """

    low: float
    high: float
    power: Span
    rate: Span


@dataclass(frozen=True, slots=True)
class Mode:
    """One operation mode; ``order`` is its place in the description."""

    id: str
    order: int
    abnormal_only: bool
    elements: tuple[Element, ...]
    running_costs: float = 0.0

    def elements_at(self, level: float) -> tuple[Element, ...]:
        """Return the elements that contain the level: two at a shared border, none outside."""
        if len(self.elements) == 1 and self.elements[0].low <= level <= self.elements[0].high:
            return self.elements
        return tuple(element for element in self.elements if element.low <= level <= element.high)

    @classmethod
    def without_storage(
        cls,
        mode: ombc.OperationMode | ddbc.OperationMode,
        order: int,
        supply: Span = NOTHING,
        running_costs: float = 0.0,
    ) -> Mode:
        """Return a mode that does the same at every fill level, since there is none."""
        element = Element(-math.inf, math.inf, electric_span(mode.power_ranges), supply)
        return cls(mode.id, order, mode.abnormal_condition_only, (element,), running_costs)

    @property
    def powers(self) -> Span:
        """The hull of the electric power over all fill levels."""
        return Span(
            min(element.power.low for element in self.elements),
            max(element.power.high for element in self.elements),
        )


class Route(NamedTuple):
    """How to get from one mode to another.

    Attributes:
        transition: the first one; None to stay.
        costs: of all transitions on the way, in the device's currency.
    """

    transition: Transition | None
    costs: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Actuator:
    """What one actuator can do, made ready for many decisions.

    Attributes:
        id: of the actuator; empty for control types without actuators.
        normal_modes: those that need no abnormal condition.
    """

    id: str
    modes: Mapping[str, Mode]
    normal_modes: tuple[Mode, ...]
    transitions: Mapping[str, tuple[Transition, ...]]
    timers: Mapping[str, timedelta]
    deadband: float
    _routes: dict[tuple[object, ...], Mapping[str, Route]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        actuator_id: str,
        modes: Iterable[Mode],
        transitions: Iterable[Transition],
        timers: Iterable[Timer],
    ) -> Actuator:
        """Return the actuator that a description tells of."""
        by_id = {mode.id: mode for mode in modes}
        leaving: dict[str, list[Transition]] = {}
        for transition in transitions:
            leaving.setdefault(transition.from_id, []).append(transition)
        spans = [mode.powers for mode in by_id.values()]
        width = max(span.end for span in spans) - min(span.start for span in spans)
        return cls(
            id=actuator_id,
            modes=by_id,
            normal_modes=tuple(mode for mode in by_id.values() if not mode.abnormal_only),
            transitions={mode_id: tuple(steps) for mode_id, steps in leaving.items()},
            timers={timer.id: timer.duration for timer in timers},
            deadband=max(_DEADBAND, _DEADBAND_SHARE * width),
        )

    def powers(self, *, abnormal: bool) -> Span:
        """Return the hull of the electric power in W of all modes that may be used, consumption positive."""
        modes = tuple(self.modes.values()) if abnormal else self.normal_modes
        spans = [mode.powers for mode in modes] or [NOTHING]
        return Span(min(span.start for span in spans), max(span.end for span in spans))

    def transition(self, from_id: str, to_id: str) -> Transition | None:
        """Return the transition that leads directly from one mode to another."""
        return next(
            (step for step in self.transitions.get(from_id, ()) if step.to_id == to_id), None
        )

    def routes(
        self,
        current: str,
        usable: frozenset[str],
        running_timers: frozenset[str],
        *,
        abnormal: bool,
    ) -> Mapping[str, Route]:
        """Return the quickest way to every mode that can be reached, by duration and then by costs.

        A running timer blocks the first transition only: how later ones stand is looked at when they come.

        Args:
            current: the mode that is left; always reachable itself when it is usable.
            usable: modes that may be passed or chosen now.
            running_timers: ids of timers that have not ended.
            abnormal: whether transitions for abnormal conditions may be used.
        """
        key = (current, usable, running_timers, abnormal)
        if (known := self._routes.get(key)) is None:
            if len(self._routes) >= _KEPT_ROUTES:
                self._routes.clear()
            known = self._routes[key] = self._search(current, usable, running_timers, abnormal)
        return known

    def _search(
        self, current: str, usable: frozenset[str], running: frozenset[str], abnormal: bool
    ) -> Mapping[str, Route]:
        order = count()  # never compares transitions
        queue: list[tuple[float, float, int, int, str, Transition | None]] = []
        heappush(queue, (0.0, 0.0, 0, next(order), current, None))
        found: dict[str, Route] = {}
        visited: set[str] = set()
        while queue:
            seconds, costs, hops, _, mode_id, first = heappop(queue)
            if mode_id in visited:
                continue
            visited.add(mode_id)
            if mode_id in usable:
                found[mode_id] = Route(first, costs)
            for step in self.transitions.get(mode_id, ()):
                if step.to_id not in usable or (step.abnormal_condition_only and not abnormal):
                    continue
                if hops == 0 and not running.isdisjoint(step.blocking_timers):
                    continue
                duration = step.transition_duration or timedelta(0)
                heappush(
                    queue,
                    (
                        seconds + duration.total_seconds(),
                        costs + (step.transition_costs or 0.0),
                        hops + 1,
                        next(order),
                        step.to_id,
                        first or step,
                    ),
                )
        return found
