"""Operation modes of one actuator, alike for all control types that have them, and the ways from one to another."""

from bisect import bisect_left, bisect_right
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

# More are never needed at once; an actuator with more modes in flux searches its ways anew.
_KEPT_CHOICES = 256
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
    def borders(self) -> Iterable[float]:
        """The fill levels at which elements begin and end, in any order."""
        return (border for element in self.elements for border in (element.low, element.high))

    @property
    def powers(self) -> Span:
        """The hull of the electric power over all fill levels."""
        return Span(
            min(element.power.low for element in self.elements),
            max(element.power.high for element in self.elements),
        )


class Choice(NamedTuple):
    """A mode that may be chosen at a fill level, and how to get there.

    Attributes:
        elements: of the mode, that contain the level: two at a shared border.
        transition: the first one on the way; None to stay.
        costs: of all transitions on the way, in the device's currency.
    """

    mode: Mode
    elements: tuple[Element, ...]
    transition: Transition | None
    costs: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Actuator:
    """What one actuator can do, made ready for many decisions.

    Attributes:
        id: of the actuator; empty for control types without actuators.
        normal_modes: those that need no abnormal condition.
        borders: fill levels at which an element of any mode begins or ends, in ascending order.
    """

    id: str
    modes: Mapping[str, Mode]
    normal_modes: tuple[Mode, ...]
    transitions: Mapping[str, tuple[Transition, ...]]
    timers: Mapping[str, timedelta]
    deadband: float
    borders: tuple[float, ...]
    _choices: dict[tuple[object, ...], tuple[Choice, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

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
            borders=tuple(sorted({border for mode in by_id.values() for border in mode.borders})),
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

    def choices(
        self,
        current: str,
        level: float,
        avoided: frozenset[str],
        running_timers: frozenset[str],
        *,
        abnormal: bool,
    ) -> tuple[Choice, ...]:
        """Return every mode that can be reached, by the quickest way to it: by duration and then by costs.

        A running timer blocks the first transition only: how later ones stand is looked at when they come.

        Args:
            current: the mode that is left; always reachable itself when it may be used at the level.
            level: the present fill level; any where nothing is stored.
            avoided: modes not to be passed or chosen now, unless it is the current one.
            running_timers: ids of timers that have not ended.
            abnormal: whether modes and transitions for abnormal conditions may be used.
        """
        # Between two borders all levels lie in the same elements.
        place = bisect_left(self.borders, level), bisect_right(self.borders, level)
        key = (current, place, avoided, running_timers, abnormal)
        if (known := self._choices.get(key)) is None:
            if len(self._choices) >= _KEPT_CHOICES:
                self._choices.clear()
            usable = {
                mode.id: elements
                for mode in (self.modes.values() if abnormal else self.normal_modes)
                if mode.id not in avoided or mode.id == current
                if (elements := mode.elements_at(level))
            }
            known = self._choices[key] = self._search(current, usable, running_timers, abnormal)
        return known

    def _search(
        self,
        current: str,
        usable: Mapping[str, tuple[Element, ...]],
        running: frozenset[str],
        abnormal: bool,
    ) -> tuple[Choice, ...]:
        order = count()  # never compares transitions
        queue: list[tuple[float, float, int, int, str, Transition | None]] = []
        heappush(queue, (0.0, 0.0, 0, next(order), current, None))
        found: list[Choice] = []
        visited: set[str] = set()
        while queue:
            seconds, costs, hops, _, mode_id, first = heappop(queue)
            if mode_id in visited:
                continue
            visited.add(mode_id)
            if mode_id in usable:
                found.append(Choice(self.modes[mode_id], usable[mode_id], first, costs))
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
        return tuple(found)
