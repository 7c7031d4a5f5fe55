"""Devices that decide themselves within limits, in FlexMeasures' terms."""

from custom_components.flexmeasures.s2.control_types import (
    Contribution,
    Finding,
    Grid,
    Notice,
    Sensors,
    SeriesKind,
)

from ..samples import HOUR, NOON, QUARTER
from .envelopes import DEFER, SENSORS, VANISH, car, constraints, device, energy, limits, panels


def test_panels_are_planned_up_to_their_forecast() -> None:
    found = panels(-1000, -2000).contribution(SENSORS, Grid(NOON, QUARTER, 3), NOON)
    (series,) = found.series

    assert found.flex_models == (
        {"sensor": 1, "consumption-capacity": "0 W", "production-capacity": {"sensor": 3}},
    )
    assert (series.kind, series.values) == (SeriesKind.PRODUCTION_FORECAST, (1, 2, None))


def test_panels_without_a_forecast_are_planned_when_the_server_has_one() -> None:
    control = device(constraints(VANISH, [(0, 0)], [(-5000, 0)]))
    grid = Grid(NOON, QUARTER, 3)

    assert control.contribution(SENSORS, grid, NOON).flex_models != ()
    assert control.contribution(Sensors(power={"": 1}), grid, NOON) == Contribution()


def test_a_car_is_a_storage_that_is_full_in_time() -> None:
    (entry,) = car(minimum=1380).contribution(SENSORS, Grid(NOON, QUARTER, 48), NOON).flex_models

    assert entry == {
        "sensor": 1,
        "soc-at-start": "0 kWh",
        "soc-min": "0 kWh",
        "soc-max": "4 kWh",
        "power-capacity": "7400 W",
        "consumption-capacity": [
            {
                "start": "2026-11-22T12:00:00+00:00",
                "end": "2026-11-22T18:00:00+00:00",
                "value": "7400 W",
            },
            {
                "start": "2026-11-22T18:00:00+00:00",
                "end": "2026-11-23T00:00:00+00:00",
                "value": "0 W",
            },
        ],
        "production-capacity": [
            {
                "start": "2026-11-22T12:00:00+00:00",
                "end": "2026-11-22T18:00:00+00:00",
                "value": "0 W",
            },
            {
                "start": "2026-11-22T18:00:00+00:00",
                "end": "2026-11-23T00:00:00+00:00",
                "value": "0 W",
            },
        ],
        "operation-modes": [
            {"consumption-range": ["0 W", "0 W"]},
            {"consumption-range": ["1380 W", "7400 W"]},
        ],
        "soc-minima": [{"datetime": "2026-11-22T18:00:00+00:00", "value": "4 kWh"}],
    }


def test_what_can_be_taken_after_the_planned_time_need_not_be_taken_within_it() -> None:
    control = device(constraints(DEFER, [(0, 4000)], [(0, 0)]), energy(3500, NOON + 2 * HOUR))
    (entry,) = control.contribution(SENSORS, Grid(NOON, QUARTER, 4), NOON).flex_models

    # 7 kWh in all, of which 4 kWh fit into the second hour.
    assert entry["soc-minima"] == [{"datetime": "2026-11-22T13:00:00+00:00", "value": "3 kWh"}]
    assert entry["consumption-capacity"] == "4000 W"


def test_energy_that_full_power_cannot_give_is_told() -> None:
    control = device(constraints(DEFER, [(0, 4000)], [(0, 0)]), energy(5000, NOON + HOUR))
    found = control.contribution(SENSORS, Grid(NOON, QUARTER, 8), NOON)

    assert found.notices == (
        Notice(
            finding=Finding.ENERGY_OUT_OF_REACH,
            at=NOON + HOUR,
            wanted=5,
            possible=4,
        ),
    )


def test_a_device_that_gives_energy_back_starts_with_what_it_has_to_give() -> None:
    control = device(
        constraints(DEFER, [(0, 5000)], [(-5000, 0)]),
        energy(1000, NOON + 2 * HOUR, lower=-500),
    )
    (entry,) = control.contribution(SENSORS, Grid(NOON, QUARTER, 8), NOON).flex_models

    assert (entry["soc-at-start"], entry["soc-max"]) == ("1 kWh", "3 kWh")
    assert entry["soc-minima"] == [{"datetime": "2026-11-22T14:00:00+00:00", "value": "3 kWh"}]
    # 1 kWh of production has to stay possible, in the last step first: 4 kW for a quarter-hour.
    assert limits(control, *[1000.0] * 8) == [(105, 1000, 0), (15, 1000, -4000)]
