"""Leakage, usage and targets of a storage in FlexMeasures' terms; the numbers by hand."""

from datetime import timedelta

import pytest

from custom_components.flexmeasures.s2.control_types import (
    FillRateControl,
    FillRateOptions,
    Finding,
    Sensors,
    SeriesKind,
)

from ..samples import NOON, QUARTER, battery, storage_status
from .flex_models import contribution, grid, number
from .messages import leakage, targets, usage


def test_one_rate_of_leakage_is_constant_usage() -> None:
    (entry,) = contribution(battery(), leakage((0, 1, 6.9444e-9)), capacity_per_unit=20).flex_models

    assert entry["soc-usage"] == ["0.0004999968 kW"]


@pytest.mark.parametrize(("minutes", "efficiency"), [(15, 0.9975031), (5, 0.9991670)])
def test_leakage_that_grows_with_the_level_is_a_storage_efficiency(
    minutes: int, efficiency: float
) -> None:
    # 1 % of what is stored in an hour, given for quarters of the level.
    bands = [(part / 4, (part + 1) / 4, 0.01 / 3600 * (part + 0.5) / 4) for part in range(4)]
    (entry,) = contribution(
        battery(), leakage(*bands), steps=grid(4, timedelta(minutes=minutes))
    ).flex_models

    assert number(entry["storage-efficiency"]) / 100 == pytest.approx(efficiency, abs=1e-7)
    assert "soc-usage" not in entry


def test_other_leakage_counts_as_it_is_at_the_present_level() -> None:
    bands = [(0.0, 0.4, 2e-7), (0.4, 1.0, 1e-7)]
    (entry,) = contribution(battery(), leakage(*bands), capacity_per_unit=20).flex_models

    assert entry["soc-usage"] == ["0.0072 kW"]  # 1e-7 * 3600 * 20
    assert "storage-efficiency" not in entry


def test_usage_of_any_length_becomes_kilowatts_on_the_grid() -> None:
    rate = 1 / 20 / 3600  # 1 kW of the 20 kWh battery
    found = contribution(
        battery(), usage(NOON, (10, 3 * rate), (20, 0.0), (10, 2 * rate)), capacity_per_unit=20
    )
    (series,) = found.series

    assert found.flex_models[0]["soc-usage"] == [{"sensor": 4}]
    assert (series.kind, series.start, series.resolution) == (
        SeriesKind.USAGE_FORECAST,
        NOON,
        QUARTER,
    )
    # 10 of 15 minutes at 3 kW; nothing; 10 minutes at 2 kW are all that is foreseen of the third.
    assert series.values == (pytest.approx(2), 0, pytest.approx(2), None)


def test_negative_usage_is_a_gain() -> None:
    rate = 1 / 20 / 3600
    found = contribution(battery(), usage(NOON, (15, -rate), (15, rate)), capacity_per_unit=20)

    assert found.flex_models[0]["soc-gain"] == [{"sensor": 5}]
    assert {series.kind: series.values for series in found.series} == {
        SeriesKind.USAGE_FORECAST: (0, pytest.approx(1), None, None),
        SeriesKind.GAIN_FORECAST: (pytest.approx(1), 0, None, None),
    }


def test_a_forecast_without_a_sensor_is_refused_rather_than_taken_for_nothing() -> None:
    control = FillRateControl(FillRateOptions(capacity_per_unit=20))
    for message in (battery(), storage_status(0.5), usage(NOON, (15, 1e-5))):
        control.receive(message, NOON)

    with pytest.raises(ValueError, match="sensor is needed for the usage forecast"):
        control.contribution(Sensors(power={"battery": 1}), grid(), NOON)


def test_targets_become_soft_limits_from_the_second_step_on() -> None:
    found = contribution(battery(), targets(NOON, (30, 0.4, 1), (60, 0, 0.9)), capacity_per_unit=20)
    (entry,) = found.flex_models

    assert entry["soc-minima"] == [
        {
            "start": "2026-11-22T12:15:00+00:00",
            "end": "2026-11-22T12:30:00+00:00",
            "value": "8 kWh",
        }
    ]
    # Nothing is said beyond the planned hour.
    assert entry["soc-maxima"] == [
        {
            "start": "2026-11-22T12:30:00+00:00",
            "end": "2026-11-22T13:00:00+00:00",
            "value": "18 kWh",
        }
    ]
    assert found.notices == ()


def test_a_target_that_full_power_misses_is_told() -> None:
    found = contribution(
        battery(),
        targets(NOON + 2 * QUARTER, (30, 0.9, 1)),
        usage(NOON, (60, 1 / 20 / 3600)),
        capacity_per_unit=20,
    )

    # 10 kWh, half an hour of 4.75 kW in and 1 kW out: 11.875 of 18 kWh.
    (notice,) = found.notices
    assert (notice.finding, notice.at) == (Finding.TARGET_OUT_OF_REACH, NOON + 2 * QUARTER)
    assert (notice.wanted, notice.possible) == (pytest.approx(18), pytest.approx(11.875))


def test_a_target_outside_of_the_storage_is_told_and_brought_in() -> None:
    found = contribution(battery(), targets(NOON, (60, -0.1, 1.5)), capacity_per_unit=20)

    assert [(notice.finding, notice.wanted, notice.possible) for notice in found.notices] == [
        (Finding.TARGET_OUTSIDE_RANGE, -0.1, 0),
        (Finding.TARGET_OUTSIDE_RANGE, 1.5, 1),
    ]
    assert not {"soc-minima", "soc-maxima"} & found.flex_models[0].keys()
