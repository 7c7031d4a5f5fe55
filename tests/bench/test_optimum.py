"""The optimum of days that can be reckoned by hand."""

from dataclasses import asdict, replace
import json
from pathlib import Path
import subprocess

import pytest

from bench.problem import Problem

ROOT = Path(__file__).parents[2]
# The server's environment, because it has SciPy.
PYTHON = ROOT / ".dev" / "flexmeasures" / "bin" / "python"

NOTHING = Problem(
    hours=1,
    consumption_prices=(0.10, 0.40),
    feed_in_prices=(0.05, 0.30),
    house_powers=(1.0, 1.0),
    solar_powers=(0.0, 0.0),
    plugged_in=(False, False),
    battery_band=(0.0, 8.0),
    battery_at_start=0.0,
    battery_power=0.0,
    battery_efficiency=0.5,
    car_energy=0.0,
    car_power=10.0,
    site_power=20.0,
)


def lowest_cost(problem: Problem) -> float:
    """Return the optimum as the bench asks for it."""
    answer = subprocess.run(
        [str(PYTHON), "-m", "bench.optimum"],
        cwd=ROOT,
        input=json.dumps(asdict(problem)),
        text=True,
        check=True,
        capture_output=True,
    )
    return float(answer.stdout)


@pytest.mark.parametrize(
    ("changes", "cost"),
    [
        pytest.param({}, 0.50, id="the house alone: 1 kWh at 10 and 1 kWh at 40 cents"),
        pytest.param(
            {"battery_power": 4.0},
            # 4 kWh bought are 2 kWh stored and 1 kWh given, which the house would have paid 40 cents for.
            0.50,
            id="a battery that loses three quarters is worth nothing at four times the price",
        ),
        pytest.param(
            {"battery_power": 2.0, "battery_efficiency": 1.0},
            # Bought: 3 kWh at 10. Given: 1 kWh to the house, 1 kWh sold at 30.
            0.30 - 0.30,
            id="a battery without losses buys 2 kWh and sells 1 of them",
        ),
        pytest.param(
            {"battery_power": 2.0, "battery_efficiency": 1.0, "battery_at_start": 2.0},
            # It could sell at 40 and 30 cents at the end, but has to end with as much: buy 2 more, give 2.
            0.30 - 0.30,
            id="what was there at the start has to be there at the end",
        ),
        pytest.param(
            {"car_energy": 12.0, "plugged_in": (True, True)},
            0.50 + 10 * 0.10 + 2 * 0.40,
            id="a car takes 10 kWh in the cheap hour and the rest in the dear one",
        ),
        pytest.param(
            {"car_energy": 5.0, "plugged_in": (False, True)},
            0.50 + 5 * 0.40,
            id="a car that comes late pays the dear hour",
        ),
        pytest.param(
            {"car_energy": 12.0, "plugged_in": (True, True), "site_power": 8.0},
            0.50 + 7 * 0.10 + 5 * 0.40,
            id="the connection leaves 7 kW beside the house",
        ),
        pytest.param(
            {"solar_powers": (3.0, 3.0), "feed_in_prices": (-0.20, 0.30)},
            0 - 2 * 0.30,
            id="sun that costs money is used for the house only",
        ),
        pytest.param(
            {
                "consumption_prices": (-0.10, 0.40),
                "feed_in_prices": (-0.20, 0.30),
                "battery_power": 4.0,
            },
            # Paid for 1 kWh of the house and 4 kWh stored as 2; 1 kWh comes out and saves 40 cents.
            -0.50 + 0,
            id="a negative price fills the battery but is not burnt by charging and discharging at once",
        ),
    ],
)
def test_the_optimum_is_what_can_be_reckoned_by_hand(
    changes: dict[str, object], cost: float
) -> None:
    """Two hours at 10 and 40 cents, in which the house uses 1 kW."""
    problem = replace(NOTHING, **changes)  # type: ignore[arg-type]
    assert lowest_cost(problem) == pytest.approx(cost, abs=1e-6)
