"""An electric vehicle: what its state means for its battery."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.flexmeasures.scheduling import (
    JSON,
    Battery,
    Departure,
    ElectricVehicle,
    EnergyTarget,
    FlexModelError,
    VehicleState,
)

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
EVENING = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
CAR = ElectricVehicle(
    battery=Battery(
        power_sensor=12,
        capacity=40,
        minimum_state_of_charge=0.1,
        maximum_state_of_charge=0.9,
        charging_power=8000,
        discharging_power=0,
        roundtrip_efficiency=1,
    )
)


def flex_model(state: VehicleState) -> dict[str, JSON]:
    """Return the flex-model for a night."""
    return dict(CAR.flex_model(state, start=EVENING, end=EVENING + 12 * HOUR, resolution=QUARTER))


def values(entry: JSON) -> list[JSON]:
    """Return the values of a list of timed values."""
    assert isinstance(entry, list)
    return [each["value"] for each in entry]


def test_a_car_is_ready_by_its_departure_in_local_time() -> None:
    """Half past seven in Amsterdam is half past six in UTC; at least 32 kWh by then."""
    departs = datetime(2026, 11, 23, 7, 30, tzinfo=ZoneInfo("Europe/Amsterdam"))
    departure = Departure(time=departs, state_of_charge=0.8)
    state = VehicleState(stored_energy=10, is_plugged_in=True, departures=(departure,))

    model = flex_model(state)

    assert model["soc-minima"] == [{"datetime": "2026-11-23T06:30:00+00:00", "value": "32 kWh"}]
    assert model["consumption-capacity"] == "8000 W"
    assert model["production-capacity"] == "0 W"
    assert CAR.power_sensor == 12
    assert CAR.storage_state(state).targets == (EnergyTarget(departs, 32),)


def test_a_car_that_is_away_for_an_unknown_time_is_asked_for_nothing() -> None:
    model = flex_model(
        VehicleState(
            stored_energy=10,
            is_plugged_in=False,
            departures=(Departure(time=EVENING + 8 * HOUR, state_of_charge=0.8),),
            keep_at_least=0.5,
            keep_at_most=0.6,
        )
    )

    assert model["consumption-capacity"] == "0 W"
    assert model.keys().isdisjoint({"soc-minima", "soc-maxima", "soc-targets"})


def test_nothing_is_planned_while_a_car_is_away() -> None:
    model = flex_model(
        VehicleState(
            stored_energy=10,
            is_plugged_in=False,
            plugged_in_from=EVENING + HOUR,
            departures=(
                Departure(
                    time=EVENING + 8 * HOUR,
                    state_of_charge=0.5,
                    returns_at=EVENING + 10 * HOUR,
                ),
            ),
        )
    )

    assert values(model["consumption-capacity"]) == ["0 W", "8000 W", "0 W", "8000 W"]


def test_a_late_car_is_expected_at_any_moment() -> None:
    state = VehicleState(stored_energy=10, is_plugged_in=False, plugged_in_from=EVENING - HOUR)

    assert flex_model(state)["consumption-capacity"] == "8000 W"


def test_little_is_charged_at_once_and_kept() -> None:
    """From 10 to 20 kWh at 8 kW takes an hour and a quarter."""
    model = flex_model(VehicleState(stored_energy=10, is_plugged_in=True, keep_at_least=0.5))

    assert model["soc-minima"] == [
        {
            "start": "2026-11-22T21:15:00+00:00",
            "end": "2026-11-23T08:00:00+00:00",
            "value": "20 kWh",
        }
    ]


def test_what_a_departure_needs_above_the_usual_is_charged_just_before_it() -> None:
    """8 kWh above the usual 24 kWh take an hour; one more leaves a choice."""
    model = flex_model(
        VehicleState(
            stored_energy=10,
            is_plugged_in=True,
            departures=(
                Departure(time=EVENING + 4 * HOUR, state_of_charge=0.4),
                Departure(time=EVENING + 8 * HOUR, state_of_charge=0.8),
            ),
            keep_at_most=0.6,
        )
    )

    assert model["soc-maxima"] == [
        {
            "start": "2026-11-22T20:00:00+00:00",
            "end": "2026-11-23T02:00:00+00:00",
            "value": "24 kWh",
        },
        {
            "start": "2026-11-23T04:00:00+00:00",
            "end": "2026-11-23T08:00:00+00:00",
            "value": "24 kWh",
        },
    ]
    assert values(model["soc-minima"]) == ["16 kWh", "32 kWh"]


def test_between_departures_that_follow_each_other_soon_the_usual_does_not_count() -> None:
    """The second, at three, opens at one, before the first at two."""
    model = flex_model(
        VehicleState(
            stored_energy=10,
            is_plugged_in=True,
            departures=(
                Departure(time=EVENING + 6 * HOUR, state_of_charge=0.8),
                Departure(time=EVENING + 7 * HOUR, state_of_charge=0.8),
            ),
            keep_at_most=0.6,
        )
    )

    maxima = model["soc-maxima"]
    assert isinstance(maxima, list)
    assert [(each["start"], each["end"]) for each in maxima] == [
        ("2026-11-22T20:00:00+00:00", "2026-11-23T00:00:00+00:00"),
        ("2026-11-23T03:00:00+00:00", "2026-11-23T08:00:00+00:00"),
    ]


def test_a_limit_above_the_band_adds_nothing() -> None:
    state = VehicleState(stored_energy=10, is_plugged_in=True, keep_at_most=0.95)

    assert "soc-maxima" not in flex_model(state)


def test_states_that_make_no_sense_are_refused() -> None:
    with pytest.raises(FlexModelError, match="keep_at_least: minimum not below maximum"):
        VehicleState(stored_energy=1, is_plugged_in=True, keep_at_least=0.8, keep_at_most=0.7)
    with pytest.raises(FlexModelError, match="keep_at_most: not a share"):
        VehicleState(stored_energy=1, is_plugged_in=True, keep_at_most=80)
    with pytest.raises(FlexModelError, match="state_of_charge: not a share"):
        Departure(time=EVENING, state_of_charge=80)
    with pytest.raises(FlexModelError, match="returns_at"):
        Departure(time=EVENING, state_of_charge=0.8, returns_at=EVENING)
    with pytest.raises(ValueError, match="time zone"):
        Departure(time=datetime(2026, 11, 23, 7), state_of_charge=0.8)
    with pytest.raises(ValueError, match="time zone"):
        VehicleState(
            stored_energy=1, is_plugged_in=False, plugged_in_from=datetime(2026, 11, 23, 7)
        )
