"""Processes that run once within a window."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.scheduling import (
    JSON,
    BreakableProcess,
    FlexModelError,
    PriceSeries,
    ProcessWindow,
    ShiftableProcess,
    cheapest_start,
    run_cost,
)

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WASH = ShiftableProcess(power_sensor=12, powers=(2000.0, 500.0), part=timedelta(minutes=30))


def prices(*values: float | None, resolution: timedelta = HOUR) -> PriceSeries:
    """Return prices per kWh from noon on."""
    return PriceSeries(start=NOON, resolution=resolution, prices=values, currency="EUR")


def values(model: Mapping[str, JSON], field: str) -> list[JSON]:
    """Return the values of a list of timed values."""
    entry = model[field]
    assert isinstance(entry, list)
    return [each["value"] for each in entry]


def test_a_profile_has_a_duration_an_energy_and_a_mean_power_between_any_times() -> None:
    assert WASH.duration == HOUR
    assert WASH.energy == 1.25
    assert WASH.power_between(timedelta(0), QUARTER) == 2000
    assert WASH.power_between(QUARTER, 3 * QUARTER) == pytest.approx(1250)
    assert WASH.power_between(timedelta(0), HOUR) == pytest.approx(1250)
    assert WASH.power_between(-HOUR, timedelta(0)) == 0
    assert WASH.power_between(-QUARTER, QUARTER) == pytest.approx(1000)
    assert WASH.power_between(3 * QUARTER, 5 * QUARTER) == pytest.approx(250)


def test_it_starts_where_it_is_cheapest() -> None:
    """1 kWh and then 0.25 kWh: the half-hours at 0.1 and 0.3 cost 0.175, those at 0.4 and 0.1 cost 0.425."""
    chosen = cheapest_start(
        WASH,
        prices(0.4, 0.1, 0.3, 0.4, resolution=timedelta(minutes=30)),
        earliest=NOON,
        latest_end=NOON + 2 * HOUR,
        resolution=QUARTER,
    )

    assert chosen is not None
    assert chosen.time == NOON + HOUR / 2
    assert chosen.cost == pytest.approx(0.1 + 0.075)


def test_of_equally_cheap_starts_the_earliest_is_taken() -> None:
    chosen = cheapest_start(
        WASH,
        prices(*[0.1] * 4),
        earliest=NOON + timedelta(minutes=20),
        latest_end=NOON + 4 * HOUR,
        resolution=QUARTER,
    )

    assert chosen is not None
    assert chosen.time == NOON + timedelta(minutes=30)


@pytest.mark.parametrize("until", [NOON, NOON + timedelta(minutes=59), NOON - HOUR])
def test_a_window_that_is_too_short_has_no_start(until: datetime) -> None:
    assert (
        cheapest_start(
            WASH, prices(*[0.1] * 4), earliest=NOON, latest_end=until, resolution=QUARTER
        )
        is None
    )


def test_a_window_that_just_fits_has_one_start() -> None:
    chosen = cheapest_start(
        WASH, prices(*[0.1] * 4), earliest=NOON, latest_end=NOON + HOUR, resolution=QUARTER
    )

    assert chosen is not None
    assert chosen.time == NOON


def test_a_run_that_is_not_wholly_priced_is_not_chosen() -> None:
    assert run_cost(WASH, prices(0.1, None), NOON + QUARTER) is None
    chosen = cheapest_start(
        WASH,
        prices(0.4, None, 0.5),
        earliest=NOON,
        latest_end=NOON + 4 * HOUR,
        resolution=QUARTER,
    )
    assert chosen is not None
    assert chosen.time == NOON
    nowhere = prices(None, None)
    assert (
        cheapest_start(WASH, nowhere, earliest=NOON, latest_end=NOON + 2 * HOUR, resolution=QUARTER)
        is None
    )


@given(
    powers=st.lists(st.integers(0, 3000), min_size=1, max_size=6).filter(any),
    part=st.sampled_from([15, 30, 60]),
    values=st.lists(st.none() | st.integers(-50, 50), min_size=1, max_size=24),
    earliest=st.integers(-60, 600),
    length=st.integers(-60, 900),
)
def test_no_other_start_in_the_window_is_cheaper(
    powers: list[int], part: int, values: list[int | None], earliest: int, length: int
) -> None:
    """Beside a search that adds up minute by minute."""
    process = ShiftableProcess(
        power_sensor=1, powers=tuple(map(float, powers)), part=timedelta(minutes=part)
    )
    known = [None if value is None else value / 100 for value in values]
    series = prices(*known, resolution=timedelta(minutes=30))
    first = NOON + timedelta(minutes=earliest)
    last = first + timedelta(minutes=length)

    chosen = cheapest_start(process, series, earliest=first, latest_end=last, resolution=QUARTER)

    costs: dict[datetime, float] = {}
    for index in range(-10, 120):
        start = NOON + index * QUARTER
        if start < first or start + process.duration > last:
            continue
        minutes = [
            (powers[minute // part], series.price_at(start + timedelta(minutes=minute)))
            for minute in range(part * len(powers))
        ]
        if all(price is not None for _, price in minutes):
            costs[start] = sum(power * (price or 0) for power, price in minutes) / 60_000
    if not costs:
        assert chosen is None
        return
    assert chosen is not None
    cheapest = min(costs.values())
    assert chosen.cost == pytest.approx(cheapest, abs=1e-9)
    assert chosen.time == min(time for time, cost in costs.items() if cost < cheapest + 1e-8)


def test_the_server_can_only_answer_with_the_profile() -> None:
    model = WASH.flex_model(NOON + QUARTER, start=NOON, end=NOON + 2 * HOUR, resolution=QUARTER)

    assert values(model, "consumption-capacity") == [
        "0 W",
        "2000 W",
        "2000 W",
        "500 W",
        "500 W",
        "0 W",
        "0 W",
        "0 W",
    ]
    assert model["soc-targets"] == [{"datetime": "2026-11-22T14:00:00+00:00", "value": "1.25 kWh"}]
    assert {key: model[key] for key in ("soc-at-start", "soc-min", "soc-max")} == {
        "soc-at-start": "0 kWh",
        "soc-min": "0 kWh",
        "soc-max": "1.25 kWh",
    }
    assert (model["power-capacity"], model["production-capacity"]) == ("2000 W", "0 W")


def test_of_a_process_that_runs_the_rest_is_planned() -> None:
    """It started a quarter of an hour ago: 0.5 kWh and 0.25 kWh are left."""
    model = WASH.flex_model(NOON - QUARTER, start=NOON, end=NOON + HOUR, resolution=QUARTER)

    assert values(model, "consumption-capacity") == ["2000 W", "500 W", "500 W", "0 W"]
    assert values(model, "soc-targets") == ["0.75 kWh"]


@pytest.mark.parametrize("start", [None, NOON + 3 * HOUR, NOON - 3 * HOUR])
def test_a_process_that_does_not_run_within_the_plan_consumes_nothing(
    start: datetime | None,
) -> None:
    model = WASH.flex_model(start, start=NOON, end=NOON + HOUR, resolution=QUARTER)

    assert model["consumption-capacity"] == "0 W"
    assert "soc-targets" not in model


def test_short_parts_become_the_mean_of_their_step() -> None:
    process = replace(WASH, powers=(900.0, 300.0, 0.0, 600.0), part=timedelta(minutes=5))

    model = process.flex_model(NOON, start=NOON, end=NOON + HOUR / 2, resolution=QUARTER)

    assert values(model, "consumption-capacity") == ["400 W", "200 W"]


def test_a_process_that_may_pause_has_the_steps_of_its_window() -> None:
    """The rest of 40 minutes becomes three steps of 0.2 kWh."""
    window = ProcessWindow(
        earliest=NOON + timedelta(minutes=10),
        latest_end=NOON + timedelta(minutes=80),
        remaining=timedelta(minutes=40),
    )

    model = BreakableProcess(power_sensor=12, power=800).flex_model(
        window, start=NOON, end=NOON + 2 * HOUR, resolution=QUARTER
    )

    assert values(model, "consumption-capacity") == ["0 W", *["800 W"] * 4, *["0 W"] * 3]
    assert model["soc-minima"] == [{"datetime": "2026-11-22T13:15:00+00:00", "value": "0.6 kWh"}]
    assert model["soc-max"] == "0.6 kWh"
    assert model["operation-modes"] == [
        {"consumption-range": ["0 W", "0 W"]},
        {"consumption-range": ["800 W", "800 W"]},
    ]


def test_what_can_run_after_the_plan_is_not_asked_for_within_it() -> None:
    """Two hours are left, the window goes on for one and a half after the plan: half an hour has to run before."""
    window = ProcessWindow(earliest=NOON, latest_end=NOON + 3.5 * HOUR, remaining=2 * HOUR)
    process = BreakableProcess(power_sensor=12, power=800)

    model = process.flex_model(window, start=NOON, end=NOON + 2 * HOUR, resolution=QUARTER)
    assert values(model, "soc-minima") == ["0.4 kWh"]
    assert model["soc-max"] == "1.6 kWh"

    later = replace(window, latest_end=NOON + 9 * HOUR)
    model = process.flex_model(later, start=NOON, end=NOON + 2 * HOUR, resolution=QUARTER)
    assert "soc-minima" not in model


@pytest.mark.parametrize(
    "window",
    [
        None,
        ProcessWindow(earliest=NOON, latest_end=NOON + HOUR, remaining=timedelta(0)),
        ProcessWindow(earliest=NOON - HOUR, latest_end=NOON, remaining=HOUR),
    ],
)
def test_a_process_with_nothing_left_to_do_consumes_nothing(window: ProcessWindow | None) -> None:
    model = BreakableProcess(power_sensor=12, power=800).flex_model(
        window, start=NOON, end=NOON + HOUR, resolution=QUARTER
    )

    assert model["consumption-capacity"] == "0 W"
    assert model.keys().isdisjoint({"soc-minima", "operation-modes"})


def test_what_is_no_process_is_refused() -> None:
    with pytest.raises(FlexModelError, match="powers: empty"):
        replace(WASH, powers=())
    with pytest.raises(FlexModelError, match="powers: negative"):
        replace(WASH, powers=(1.0, -1.0))
    with pytest.raises(FlexModelError, match="powers: not positive"):
        replace(WASH, powers=(0.0,))
    with pytest.raises(FlexModelError, match="part: not positive"):
        replace(WASH, part=timedelta(0))
    with pytest.raises(FlexModelError, match="power: not positive"):
        BreakableProcess(power_sensor=1, power=0)
    with pytest.raises(FlexModelError, match="earliest: minimum not below maximum"):
        ProcessWindow(earliest=NOON, latest_end=NOON, remaining=HOUR)
    with pytest.raises(FlexModelError, match="remaining: negative"):
        ProcessWindow(earliest=NOON, latest_end=NOON + HOUR, remaining=-HOUR)
    with pytest.raises(ValueError, match="time zone"):
        WASH.flex_model(datetime(2026, 11, 22), start=NOON, end=NOON + HOUR, resolution=QUARTER)
