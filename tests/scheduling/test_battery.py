"""The flex-model of a battery, in FlexMeasures' terms."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.flexmeasures.scheduling import (
    Battery,
    FlexModelError,
    FlexModelProblem,
    StorageState,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BATTERY = Battery(
    power_sensor=12,
    capacity=10,
    minimum_state_of_charge=0.1,
    maximum_state_of_charge=0.9,
    charging_power=5000,
    discharging_power=4000,
    roundtrip_efficiency=0.81,
)


def flex_model(battery: Battery, stored_energy: float, hours: float = 24) -> dict[str, object]:
    """Return the flex-model for a plan from noon on."""
    return dict(
        battery.flex_model(
            StorageState(stored_energy=stored_energy),
            start=NOON,
            end=NOON + timedelta(hours=hours),
            resolution=timedelta(minutes=15),
        )
    )


def test_every_value_is_sent_with_its_unit() -> None:
    assert flex_model(BATTERY, 3.5) == {
        "sensor": 12,
        "soc-at-start": "3.5 kWh",
        "soc-min": "1 kWh",
        "soc-max": "9 kWh",
        "power-capacity": "5000 W",
        "consumption-capacity": "5000 W",
        "production-capacity": "4000 W",
        "roundtrip-efficiency": "81%",
    }


def test_a_battery_below_its_band_is_led_back_from_when_the_band_can_be_reached() -> None:
    model = flex_model(BATTERY, 0.1)

    # 0.9 kWh at 5 kW x sqrt(0.81) = 4.5 kW take 12 minutes: the band holds from the next quarter-hour on.
    assert model["soc-min"] == "0.1 kWh"
    assert model["soc-minima"] == [
        {
            "start": "2026-11-22T12:15:00+00:00",
            "end": "2026-11-23T12:00:00+00:00",
            "value": "1 kWh",
        }
    ]
    assert "soc-maxima" not in model


def test_a_battery_above_its_band_is_led_back_by_discharging() -> None:
    model = flex_model(BATTERY, 10)

    # 1 kWh at 4 kW / sqrt(0.81) = 4.44 kW take 13.5 minutes.
    assert model["soc-max"] == "10 kWh"
    assert model["soc-maxima"] == [
        {
            "start": "2026-11-22T12:15:00+00:00",
            "end": "2026-11-23T12:00:00+00:00",
            "value": "9 kWh",
        }
    ]


def test_of_a_band_that_cannot_be_reached_in_time_as_much_as_can_be_is_asked_for() -> None:
    """A quarter of an hour at 2 kW x 0.9 gives 0.45 kWh."""
    slow = replace(BATTERY, charging_power=2000)

    assert flex_model(slow, 0, hours=0.25)["soc-minima"] == [
        {"datetime": "2026-11-22T12:15:00+00:00", "value": "0.45 kWh"}
    ]
    assert "soc-minima" not in flex_model(replace(BATTERY, charging_power=0), 0)


@pytest.mark.parametrize("stored_energy", [-0.1, 10.5, float("nan")])
def test_energy_that_does_not_fit_is_refused(stored_energy: float) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        flex_model(BATTERY, stored_energy)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("capacity", 0, FlexModelProblem.NOT_POSITIVE),
        ("capacity", -10, FlexModelProblem.NOT_POSITIVE),
        ("capacity", float("nan"), FlexModelProblem.NOT_FINITE),
        ("charging_power", -1, FlexModelProblem.NEGATIVE),
        ("discharging_power", -1, FlexModelProblem.NEGATIVE),
        ("charging_power", float("inf"), FlexModelProblem.NOT_FINITE),
        ("minimum_state_of_charge", -0.1, FlexModelProblem.NOT_A_SHARE),
        ("maximum_state_of_charge", 1.1, FlexModelProblem.NOT_A_SHARE),
        ("minimum_state_of_charge", 0.9, FlexModelProblem.MINIMUM_NOT_BELOW_MAXIMUM),
        ("roundtrip_efficiency", 0, FlexModelProblem.NOT_A_SHARE),
        ("roundtrip_efficiency", 1.01, FlexModelProblem.NOT_A_SHARE),
    ],
)
def test_values_that_make_no_sense_are_refused_by_name(
    field: str, value: float, problem: FlexModelProblem
) -> None:
    with pytest.raises(FlexModelError) as refusal:
        replace(BATTERY, **{field: value})  # type: ignore[arg-type]

    assert (refusal.value.field, refusal.value.problem) == (field, problem)


def test_a_battery_without_any_power_is_refused() -> None:
    with pytest.raises(FlexModelError) as refusal:
        replace(BATTERY, charging_power=0, discharging_power=0)

    assert refusal.value.field == "charging_power"
