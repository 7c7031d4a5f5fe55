"""The arithmetic of the plan card, run by Node.js where there is one; the pictures are looked at by people."""

import json
from pathlib import Path
import shutil
import subprocess
from typing import Any

import pytest

FRONTEND = Path(__file__).parents[2] / "custom_components" / "flexmeasures" / "frontend"
# What a browser has and Node.js has not; the card's element itself is not made.
BROWSER = """
globalThis.window = globalThis;
globalThis.HTMLElement = class {};
globalThis.customElements = { whenDefined: () => new Promise(() => {}) };
"""
QUARTER = 900_000

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")


def run(expression: str) -> Any:
    """Return the value of an expression in which ``card`` has what the card's modules export."""
    modules = [f"await import({json.dumps(file.as_uri())})" for file in FRONTEND.glob("*.js")]
    script = (
        f"{BROWSER} const card = Object.assign({{}}, {', '.join(modules)});"
        f"console.log(JSON.stringify({expression}));"
    )
    command = ["node", "--input-type=module", "--eval", script]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def test_rows_without_a_number_or_a_time_are_left_out() -> None:
    """Missing is missing: null and empty texts are not zero."""
    rows = [
        {"start": "1970-01-01T00:15:00Z", "end": "1970-01-01T00:30:00Z", "value": "2.5"},
        {"start": "1970-01-01T00:00:00Z", "end": "1970-01-01T00:15:00Z", "value": 0},
        {"start": "1970-01-01T00:00:00Z", "end": "1970-01-01T00:15:00Z", "value": None},
        {"start": "1970-01-01T00:00:00Z", "end": "1970-01-01T00:15:00Z", "value": ""},
        {"start": "1970-01-01T00:00:00Z", "end": "1970-01-01T00:15:00Z", "value": "NaN"},
        {"start": "soon", "end": "1970-01-01T00:15:00Z", "value": 1},
        {"start": "1970-01-01T00:15:00Z", "end": "1970-01-01T00:15:00Z", "value": 1},
        None,
    ]
    assert run(f"card.readRows({json.dumps(rows)})") == [
        {"start": 0, "end": QUARTER, "value": 0},
        {"start": QUARTER, "end": 2 * QUARTER, "value": 2.5},
    ]
    assert run("card.readRows(undefined)") == []


def test_points_are_percentages_in_order_of_time() -> None:
    """Rounding may lead a little beyond full; what is missing is left out."""
    rows = [
        {"time": "1970-01-01T00:15:00Z", "value": 100.02},
        {"time": "1970-01-01T00:00:00Z", "value": "37.5"},
        {"time": "1970-01-01T00:30:00Z", "value": None},
        {"time": "soon", "value": 1},
    ]
    assert run(f"card.readPoints({json.dumps(rows)})") == [
        {"time": 0, "value": 37.5},
        {"time": QUARTER, "value": 100},
    ]
    assert run("card.readPoints(undefined)") == []


def test_prices_are_read_from_forecast_or_else_from_today_and_tomorrow() -> None:
    """The second shape is Nord Pool's."""
    one = {"start": "1970-01-01T00:00:00Z", "end": "1970-01-01T01:00:00Z", "value": 1}
    two = {"start": "1970-01-01T01:00:00Z", "end": "1970-01-01T02:00:00Z", "value": 2}
    forecast = json.dumps({"forecast": [one]})
    days = json.dumps({"raw_today": [one], "raw_tomorrow": [two]})
    assert [row["value"] for row in run(f"card.readPrices({forecast})")] == [1]
    assert [row["value"] for row in run(f"card.readPrices({days})")] == [1, 2]
    assert run("card.readPrices({})") == []


def test_neighbouring_rows_of_one_kind_make_one_block() -> None:
    """Charging, charging, idle; then a gap in time, which starts a new block."""
    rows = [
        {"start": 0, "end": 1, "value": 5},
        {"start": 1, "end": 2, "value": 2},
        {"start": 2, "end": 3, "value": 0.001},
        {"start": 4, "end": 5, "value": 0},
        {"start": 5, "end": 6, "value": -1},
    ]
    blocks = run(f"card.blocksOf({json.dumps(rows)}, (value) => value * 1000)")
    assert [(block["kind"], block["start"], block["end"]) for block in blocks] == [
        ("charge", 0, 2),
        ("idle", 2, 3),
        ("idle", 4, 5),
        ("discharge", 5, 6),
    ]


def test_only_what_has_a_state_of_charge_charges() -> None:
    """Panels produce, a dishwasher consumes."""
    texts = '{charge: "C", discharge: "D", consume: "U", produce: "P", idle: "I"}'
    words = run(f"[true, false].map((stores) => card.wordsOf({texts}, stores))")
    assert [(each["charge"], each["discharge"], each["idle"]) for each in words] == [
        ("C", "D", "I"),
        ("U", "P", "I"),
    ]


@pytest.mark.parametrize(
    ("values", "count", "low", "high", "step"),
    [
        ([5, -5], 5, -6, 6, 2),
        ([0.09, 0.42], 4, 0, 0.6, 0.2),
        ([0, 0], 5, 0, 1, 0.2),
        ([], 4, 0, 1, 0.25),
        ([-0.05, 0.1], 4, -0.05, 0.1, 0.05),
    ],
)
def test_an_axis_holds_zero_and_every_value_and_ends_on_ticks(
    values: list[float], count: int, low: float, high: float, step: float
) -> None:
    """Flat and empty series get an axis, too."""
    axis = run(f"card.axisOf({json.dumps(values)}, {count})")
    assert axis["low"] == pytest.approx(low)
    assert axis["high"] == pytest.approx(high)
    assert axis["step"] == pytest.approx(step)
    assert axis["ticks"][0] == pytest.approx(low)
    assert axis["ticks"][-1] == pytest.approx(high)
