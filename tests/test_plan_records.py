"""Plans, runs and savings as they are kept: read back equal, and nothing else is believed."""

from datetime import UTC, datetime, timedelta
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.plan_models import Baseline, DevicePlan, PlanCause
from custom_components.flexmeasures.plan_records import plan_from_record, plan_to_record
from custom_components.flexmeasures.scheduling import PriceSeries, Schedule, Tariff

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
POWERS = st.lists(st.none() | st.floats(-1e5, 1e5), min_size=1, max_size=6)


def schedule(powers: list[float | None]) -> Schedule:
    """Return a schedule of quarter-hours."""
    return Schedule(
        start=NOON,
        resolution=QUARTER,
        powers=tuple(powers),
        computed_at=NOON,
        schedule_id="job",
    )


def plan(powers: list[float | None], prices: list[float | None] | None = None) -> DevicePlan:
    """Return a plan with these powers and prices."""
    tariff = None
    if prices is not None:
        series = PriceSeries(start=NOON, resolution=QUARTER, prices=tuple(prices), currency="EUR")
        tariff = Tariff(series, series)
    return DevicePlan(
        schedule=schedule(powers),
        expires=NOON + timedelta(hours=3),
        cause=PlanCause.WISH,
        capacity=10.0,
        available=tuple(powers),
        energies=(*powers, None),
        tariff=tariff,
        actuators={"inverter": schedule(powers)},
        baseline=Baseline.AT_ONCE,
        price_at_once=0.2,
    )


def test_a_plan_that_was_kept_before_baselines_were_has_none() -> None:
    record = plan_to_record(plan([1.0], [0.1]))
    del record["baseline"], record["price_at_once"]

    old = plan_from_record(record)
    assert (old.baseline, old.price_at_once) == (Baseline.UNKNOWN, None)


@given(powers=POWERS, prices=st.none() | POWERS)
def test_a_plan_is_read_back_equal_through_json(
    powers: list[float | None], prices: list[float | None] | None
) -> None:
    kept = plan(powers, prices)

    assert plan_from_record(json.loads(json.dumps(plan_to_record(kept)))) == kept


@pytest.mark.parametrize(
    "changes",
    [
        {"schedule": None},
        {"baseline": "wishful"},
        {"price_at_once": "much"},
        {"expires": None},
        {"expires": "2026-11-22T15:00:00"},
        {"expires": "soon"},
        {"cause": "whim"},
        {"capacity": True},
        {"capacity": "10"},
        {"available": ["1"]},
        {"available": None},
        {"energies": [1.0]},
        {"energies": ["1", None]},
        {"energies": None},
        {"actuators": []},
        {"actuators": {"inverter": None}},
        {"consumption_price": []},
        {"consumption_price": {"start": None}},
        {"production_price": {"start": NOON.isoformat(), "resolution": 900, "prices": [1]}},
        {
            "production_price": {
                "start": NOON.isoformat(),
                "resolution": None,
                "prices": [1],
                "currency": "EUR",
            }
        },
        {
            "production_price": {
                "start": NOON.isoformat(),
                "resolution": 900,
                "prices": [1],
                "currency": "GBP",
            }
        },
    ],
)
def test_what_is_not_exactly_a_plan_is_refused(changes: dict[str, Any]) -> None:
    record = plan_to_record(plan([1000.0], [0.1]))

    with pytest.raises(ValueError, match=r"."):
        plan_from_record({**record, **changes})
