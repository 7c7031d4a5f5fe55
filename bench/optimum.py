"""The cheapest way through a day that is known in advance, by a mixed-integer linear program.

``python -m bench.optimum`` reads a `Problem` as JSON, solves it with HiGHS and prints the cost in EUR. It runs with the
Python of the FlexMeasures server, which has SciPy, and knows nothing of the rest of the bench.
"""

from collections.abc import Iterable
import json
import math
import sys

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from .problem import Problem

# Of a cost of some euros; the bound that is checked with it is a hundred times wider.
_GAP = 1e-6
_KINDS = ("charge", "discharge", "stored", "car", "solar", "import_", "export", "is_charging")


class _Rows:
    """Linear constraints, written one by one."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self._entries: list[tuple[int, int, float]] = []
        self._bounds: list[tuple[float, float]] = []

    def column(self, kind: str, step: int) -> int:
        return _KINDS.index(kind) * self.steps + step

    def add(self, terms: Iterable[tuple[str, int, float]], low: float, high: float) -> None:
        row = len(self._bounds)
        self._entries += [(row, self.column(kind, step), factor) for kind, step, factor in terms]
        self._bounds.append((low, high))

    def constraint(self) -> LinearConstraint:
        rows, columns, factors = zip(*self._entries, strict=True)
        shape = (len(self._bounds), len(_KINDS) * self.steps)
        low, high = zip(*self._bounds, strict=True)
        return LinearConstraint(coo_array((factors, (rows, columns)), shape=shape), low, high)


def lowest_cost(problem: Problem) -> float:
    """Return the lowest cost of the day in EUR.

    The battery either charges or discharges within a step: at a negative price it would otherwise burn energy.
    """
    steps = len(problem.house_powers)
    answer = milp(
        _costs(problem, steps),
        constraints=_constraint(problem, steps),
        bounds=_bounds(problem, steps),
        integrality=_series(steps, is_charging=1),
        options={"mip_rel_gap": _GAP},
    )
    if not answer.success:
        raise RuntimeError(answer.message)
    return float(answer.fun)


def _costs(problem: Problem, steps: int) -> np.ndarray:
    return _series(
        steps,
        import_=np.array(problem.consumption_prices) * problem.hours,
        export=-np.array(problem.feed_in_prices) * problem.hours,
    )


def _bounds(problem: Problem, steps: int) -> Bounds:
    low, high = problem.battery_band
    lowest = np.full(steps, low)
    lowest[-1] = max(low, problem.battery_at_start)
    return Bounds(
        _series(steps, stored=lowest),
        _series(
            steps,
            charge=problem.battery_power,
            discharge=problem.battery_power,
            stored=high,
            car=np.array(problem.plugged_in) * problem.car_power,
            solar=np.array(problem.solar_powers),
            import_=problem.site_power,
            export=problem.site_power,
            is_charging=1,
        ),
    )


def _constraint(problem: Problem, steps: int) -> LinearConstraint:
    rows = _Rows(steps)
    power, efficiency = problem.battery_power, problem.battery_efficiency
    hours = problem.hours
    for step in range(steps):
        balance = [("charge", 1.0), ("car", 1.0), ("export", 1.0)]
        balance += [("discharge", -1.0), ("solar", -1.0), ("import_", -1.0)]
        used = -problem.house_powers[step]
        rows.add([(kind, step, factor) for kind, factor in balance], used, used)
        change = [("stored", step, 1.0), ("charge", step, -efficiency * hours)]
        change.append(("discharge", step, hours / efficiency))
        before = problem.battery_at_start
        if step:
            change.append(("stored", step - 1, -1.0))
            before = 0.0
        rows.add(change, before, before)
        rows.add([("charge", step, 1.0), ("is_charging", step, -power)], -math.inf, 0)
        rows.add([("discharge", step, 1.0), ("is_charging", step, power)], -math.inf, power)
    rows.add([("car", step, hours) for step in range(steps)], problem.car_energy, math.inf)
    return rows.constraint()


def _series(steps: int, **values: np.ndarray | float) -> np.ndarray:
    """Return a vector of all variables: these values, and zero for the other kinds."""
    return np.concatenate([np.broadcast_to(values.get(kind, 0.0), steps) for kind in _KINDS])


if __name__ == "__main__":
    sys.stdout.write(f"{lowest_cost(Problem(**json.load(sys.stdin)))!r}\n")
