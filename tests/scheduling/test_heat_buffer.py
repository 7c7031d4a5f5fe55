"""A heat buffer, and the water in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.flexmeasures.scheduling import (
    FlexModelError,
    FlexModelProblem,
    HeatBuffer,
    SensorReference,
    StorageState,
    WaterTank,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TANK = WaterTank(litres=200, empty=15, full=65)
BUFFER = HeatBuffer(
    power_sensor=12,
    capacity=12,
    minimum_state_of_charge=0.25,
    heating_power=2000,
    coefficient_of_performance=3,
    loss=0.01,
    usage=(0.5, SensorReference(7)),
)


def test_water_stores_heat_between_two_temperatures() -> None:
    """200 litres by 50 kelvins by 4.186 kJ are 41.86 MJ, which are 11.63 kWh."""
    assert TANK.capacity == pytest.approx(11.6278, abs=1e-4)
    assert TANK.energy(40) == pytest.approx(TANK.capacity / 2)
    assert TANK.state_of_charge(40) == pytest.approx(0.5)
    assert TANK.temperature(TANK.capacity / 2) == pytest.approx(40)
    assert TANK.energy(10) < 0


def test_a_heat_pump_fills_the_buffer_with_more_than_it_consumes() -> None:
    state = StorageState(stored_energy=6)
    model = BUFFER.flex_model(
        state,
        start=NOON,
        end=NOON + timedelta(hours=1),
        resolution=timedelta(minutes=15),
    )

    assert model == {
        "sensor": 12,
        "soc-at-start": "6 kWh",
        "soc-max": "12 kWh",
        "power-capacity": "2000 W",
        "consumption-capacity": "2000 W",
        "production-capacity": "0 W",
        "charging-efficiency": "300%",
        "discharging-efficiency": "100%",
        "storage-efficiency": "99.74905699%",
        "soc-minima": [
            {
                "start": "2026-11-22T12:00:00+00:00",
                "end": "2026-11-22T13:00:00+00:00",
                "value": "3 kWh",
            }
        ],
        "soc-usage": ["0.5 kW", {"sensor": 7}],
    }
    assert BUFFER.storage_state(state) is state


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("capacity", 0, FlexModelProblem.NOT_POSITIVE),
        ("heating_power", 0, FlexModelProblem.NOT_POSITIVE),
        ("coefficient_of_performance", 0, FlexModelProblem.NOT_POSITIVE),
        ("loss", 1, FlexModelProblem.NOT_A_SHARE),
        ("loss", -0.1, FlexModelProblem.NOT_A_SHARE),
        ("maximum_state_of_charge", 0.25, FlexModelProblem.MINIMUM_NOT_BELOW_MAXIMUM),
    ],
)
def test_what_no_heat_buffer_can_be_is_refused(
    field: str, value: float, problem: FlexModelProblem
) -> None:
    with pytest.raises(FlexModelError) as refusal:
        replace(BUFFER, **{field: value})  # type: ignore[arg-type]

    named = "minimum_state_of_charge" if field == "maximum_state_of_charge" else field
    assert (refusal.value.field, refusal.value.problem) == (named, problem)


def test_what_no_tank_can_be_is_refused() -> None:
    with pytest.raises(FlexModelError, match="litres: not positive"):
        replace(TANK, litres=0)
    with pytest.raises(FlexModelError, match="empty: minimum not below maximum"):
        replace(TANK, empty=65)
    with pytest.raises(FlexModelError, match="full: not finite"):
        replace(TANK, full=float("inf"))
