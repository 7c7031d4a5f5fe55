"""Production that can be curtailed."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.flexmeasures.scheduling import (
    CurtailableProduction,
    FlexModelConflict,
    FlexModelError,
    uncurtailed_steps,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_it_may_produce_up_to_its_forecast() -> None:
    panels = CurtailableProduction(
        power_sensor=12, forecast_sensor=13, prefers_curtailing_later=False
    )

    model = panels.flex_model(
        None, start=NOON, end=NOON + timedelta(hours=1), resolution=timedelta(minutes=15)
    )

    assert model == {
        "sensor": 12,
        "consumption-capacity": "0 W",
        "production-capacity": {"sensor": 13, "default": "0 W"},
        "prefer-curtailing-later": False,
    }


def test_curtailing_later_is_the_server_s_own_choice() -> None:
    panels = CurtailableProduction(power_sensor=12, forecast_sensor=13)

    model = panels.flex_model(
        None, start=NOON, end=NOON + timedelta(hours=1), resolution=timedelta(minutes=15)
    )

    assert "prefer-curtailing-later" not in model


def test_its_plan_is_never_its_own_forecast() -> None:
    with pytest.raises(FlexModelError) as refusal:
        CurtailableProduction(power_sensor=12, forecast_sensor=12)

    assert refusal.value.field == "forecast_sensor"
    assert refusal.value.problem is FlexModelConflict.SAME_SENSOR


def test_a_plan_that_takes_the_forecast_limits_nothing() -> None:
    """1 % and 1 W less is rounding; at night there is nothing to limit."""
    powers = (-2000.0, -1981.0, -1950.0, 0.0, 0.0, None, 0.0)
    available = (2000.0, 2000.0, 2000.0, 2000.0, 0.0, 2000.0, None)

    assert uncurtailed_steps(powers, available) == {0, 1, 4, 6}
    assert uncurtailed_steps(powers, ()) == frozenset()
