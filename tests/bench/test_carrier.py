"""What the bench makes of a plan is what the control room makes of it."""

import pytest

from bench.carrier import carry_out
from bench.simulated_day import House, simulated_day


def carried_out(**powers: float) -> House:
    """Return a home after all is at rest but these powers."""
    house = House(simulated_day())
    carry_out(house, **{"battery": 0.0, "car": 0.0, "solar": 0.0, "solar_forecast": 0.0} | powers)
    return house


def test_a_battery_takes_watts_with_their_sign() -> None:
    assert carried_out(battery=-1_234.6).battery.setpoint == pytest.approx(-1_234)
    assert carried_out(battery=9_000).battery.setpoint == 5_000


@pytest.mark.parametrize(
    ("power", "enabled", "current"),
    [(0, False, 6), (4_000, False, 6), (4_140, True, 6), (7_500, True, 10), (11_040, True, 16)],
)
def test_a_car_takes_whole_amperes_or_is_switched_off(
    power: float, enabled: bool, current: float
) -> None:
    """690 W per ampere; the charger keeps its current while it is off."""
    charger = carried_out(car=power).charger
    assert (charger.enabled, charger.current) == (enabled, current)


@pytest.mark.parametrize(
    ("solar", "limit"), [(-3_000, 100), (-2_999.5, 100), (-2_600, 50), (-2_650, 50), (0, 0)]
)
def test_panels_are_limited_only_where_the_plan_is_below_the_forecast(
    solar: float, limit: float
) -> None:
    """3,000 W are forecast of 5,200 W; a limit at the forecast would waste what the sun gives beyond it."""
    assert carried_out(solar=solar, solar_forecast=3_000).inverter.limit == limit
