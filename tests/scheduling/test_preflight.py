"""What is wrong with a plan before it is asked for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.flexmeasures.scheduling import (
    EnergyTarget,
    EnergyWindow,
    FindingCode,
    PowerWindow,
    PriceSeries,
    ProcessWindow,
    Severity,
    ShiftableProcess,
    Storage,
    StorageState,
    Tariff,
    check_breakable_process,
    check_prices,
    check_process,
    check_storage,
    covered_end,
)
from custom_components.flexmeasures.scheduling.preflight import Finding

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
START = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
CAR = Storage(
    power_sensor=12,
    capacity=40,
    minimum_state_of_charge=0.1,
    maximum_state_of_charge=0.9,
    charging_power=3700,
)


def check(state: StorageState, storage: Storage = CAR, **more: Any) -> tuple[Finding, ...]:
    """Return what is found before a plan of eight hours."""
    return check_storage(
        storage, state, start=START, end=START + 8 * HOUR, resolution=QUARTER, **more
    )


def codes(findings: tuple[Finding, ...]) -> list[FindingCode]:
    """Return what was found, without numbers."""
    return [finding.code for finding in findings]


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    state = StorageState(
        stored_energy=20,
        targets=(EnergyTarget(START + 3 * HOUR, 31.1),),
        minima=(EnergyWindow(START, START + HOUR, 10),),
        maxima=(EnergyWindow(START, START + HOUR, 30),),
    )

    assert check(state, age=HOUR, longest_age=HOUR, last_energy=20) == ()


def test_a_target_that_cannot_be_reached_is_told_in_numbers() -> None:
    """Needs 11.2 kWh by 07:00; 3 h at 3.7 kW give 11.1 kWh."""
    target = EnergyTarget(START + 3 * HOUR, 31.2)

    [finding] = check(StorageState(stored_energy=20, targets=(target,)))

    assert finding.code is FindingCode.TARGET_UNREACHABLE
    assert finding.severity is Severity.WARNING
    assert finding.numbers["time"] == "2026-11-22T07:00:00+00:00"
    told = {key: value for key, value in finding.numbers.items() if key != "time"}
    assert told == pytest.approx(
        {
            "target": 31.2,
            "target_share": 78,
            "needed": 11.2,
            "reachable": 11.1,
            "missing": 0.1,
            "missing_share": 0.25,
            "hours": 3,
            "power": 3.7,
        }
    )


def test_hours_without_power_do_not_count() -> None:
    state = StorageState(
        stored_energy=20,
        targets=(EnergyTarget(START + 3 * HOUR, 31),),
        power_windows=(PowerWindow(START, START + HOUR),),
    )

    [finding] = check(state)

    assert (finding.numbers["hours"], finding.numbers["reachable"]) == pytest.approx((2, 7.4))
    away = replace(state, power_windows=(PowerWindow(START, START + 9 * HOUR),))
    [finding] = check(away)
    assert (finding.numbers["hours"], finding.numbers["power"]) == (0, 0)


def test_a_target_between_two_steps_has_to_be_reached_at_the_first() -> None:
    """Ten minutes after seven count as seven."""
    target = EnergyTarget(START + 3 * HOUR + timedelta(minutes=10), 31.2)

    assert codes(check(StorageState(stored_energy=20, targets=(target,)))) == [
        FindingCode.TARGET_UNREACHABLE
    ]


@pytest.mark.parametrize(
    ("hours", "energy", "code", "severity"),
    [
        (-1, 30, FindingCode.TARGET_IN_THE_PAST, Severity.NOTICE),
        (0.1, 30, FindingCode.TARGET_IN_THE_PAST, Severity.NOTICE),
        (9, 30, FindingCode.TARGET_AFTER_HORIZON, Severity.NOTICE),
        (8, 37, FindingCode.TARGET_BEYOND_BAND, Severity.WARNING),
        (8, 41, FindingCode.TARGET_BEYOND_CAPACITY, Severity.WARNING),
    ],
)
def test_targets_that_are_not_met_as_told_are_named(
    hours: float, energy: float, code: FindingCode, severity: Severity
) -> None:
    target = EnergyTarget(START + hours * HOUR, energy)

    [finding] = check(StorageState(stored_energy=20, targets=(target,)))

    assert (finding.code, finding.severity) == (code, severity)


def test_targets_are_told_in_order_of_time() -> None:
    targets = (EnergyTarget(START + 2 * HOUR, 35), EnergyTarget(START + HOUR, 35))

    findings = check(StorageState(stored_energy=20, targets=targets))

    assert [finding.numbers["time"] for finding in findings] == [
        "2026-11-22T05:00:00+00:00",
        "2026-11-22T06:00:00+00:00",
    ]


@pytest.mark.parametrize(
    ("energy", "last", "code", "severity"),
    [
        (3, None, FindingCode.STATE_OF_CHARGE_BELOW_BAND, Severity.NOTICE),
        (37, None, FindingCode.STATE_OF_CHARGE_ABOVE_BAND, Severity.NOTICE),
        (41, None, FindingCode.STATE_OF_CHARGE_IMPOSSIBLE, Severity.BLOCKING),
        (-1, None, FindingCode.STATE_OF_CHARGE_IMPOSSIBLE, Severity.BLOCKING),
        (float("nan"), None, FindingCode.STATE_OF_CHARGE_IMPOSSIBLE, Severity.BLOCKING),
        (0, 20, FindingCode.STATE_OF_CHARGE_ZERO, Severity.BLOCKING),
        (0, None, FindingCode.STATE_OF_CHARGE_ZERO, Severity.WARNING),
        (0, 1, FindingCode.STATE_OF_CHARGE_BELOW_BAND, Severity.NOTICE),
    ],
)
def test_a_state_of_charge_that_is_odd_is_named(
    energy: float, last: float | None, code: FindingCode, severity: Severity
) -> None:
    [finding] = check(StorageState(stored_energy=energy), last_energy=last)

    assert (finding.code, finding.severity) == (code, severity)
    assert finding.numbers["minimum"] == 4
    assert finding.numbers["maximum"] == 36


def test_an_old_state_of_charge_blocks() -> None:
    [finding] = check(StorageState(stored_energy=20), age=HOUR, longest_age=HOUR / 2)

    assert finding.code is FindingCode.STATE_OF_CHARGE_STALE
    assert finding.severity is Severity.BLOCKING
    assert finding.numbers == {"minutes": 60, "longest_minutes": 30}


def test_a_minimum_above_a_maximum_is_named_with_when() -> None:
    state = StorageState(
        stored_energy=20,
        minima=(EnergyWindow(START, START + 2 * HOUR, 20),),
        maxima=(EnergyWindow(START + HOUR, START + 3 * HOUR, 15),),
    )

    [finding] = check(state)

    assert finding.code is FindingCode.MINIMUM_ABOVE_MAXIMUM
    assert finding.numbers == {
        "minimum": 20,
        "maximum": 15,
        "start": "2026-11-22T05:00:00+00:00",
        "end": "2026-11-22T06:00:00+00:00",
    }
    apart = replace(state, maxima=(EnergyWindow(START + 2 * HOUR, START + 3 * HOUR, 15),))
    assert check(apart) == ()


def test_a_minimum_that_comes_too_soon_is_named() -> None:
    """Two hours at 3.7 kW give 27.4 of 30 kWh; that of the past counts no more."""
    state = StorageState(
        stored_energy=20,
        minima=(
            EnergyWindow(START, START + 2 * HOUR, 30),
            EnergyWindow(START - HOUR, START, 30),
        ),
    )

    [finding] = check(state)

    assert finding.code is FindingCode.MINIMUM_UNREACHABLE
    assert finding.numbers["reachable"] == pytest.approx(27.4)


def prices(*values: float | None) -> PriceSeries:
    """Return hourly prices from the start of the plan."""
    return PriceSeries(start=START, resolution=HOUR, prices=values, currency="EUR")


def test_prices_that_end_early_are_told_with_when() -> None:
    [finding] = check_prices(prices(0.1, 0.2, None), start=START, end=START + 8 * HOUR)

    assert finding.code is FindingCode.PRICES_END_EARLY
    assert finding.severity is Severity.NOTICE
    assert finding.numbers == {
        "until": "2026-11-22T06:00:00+00:00",
        "end": "2026-11-22T12:00:00+00:00",
        "hours": 2,
        "missing_hours": 6,
    }
    assert check_prices(prices(*[0.1] * 8), start=START, end=START + 8 * HOUR) == ()


@pytest.mark.parametrize("known", [None, prices(None, 0.1), Tariff(prices(0.1), prices(None))])
def test_no_price_at_all_blocks(known: PriceSeries | Tariff | None) -> None:
    [finding] = check_prices(known, start=START, end=START + HOUR)

    assert finding.code is FindingCode.NO_PRICES
    assert finding.severity is Severity.BLOCKING


def test_a_plan_ends_where_prices_do() -> None:
    def end(known: PriceSeries | None, hours: float = 8, shortest: float = 1) -> datetime | None:
        return covered_end(
            known,
            start=START,
            end=START + hours * HOUR,
            resolution=QUARTER,
            shortest=shortest * HOUR,
        )

    assert end(prices(0.1, 0.2)) == START + 2 * HOUR
    assert end(prices(0.1, 0.2), hours=1) == START + HOUR
    assert end(prices(0.1, 0.2), shortest=3) is None
    assert end(None) is None
    fine = PriceSeries(
        start=START, resolution=timedelta(minutes=10), prices=(0.1,) * 11, currency="EUR"
    )
    # 110 minutes hold seven whole quarter-hours.
    assert end(fine) == START + 7 * QUARTER


def test_a_process_has_to_fit_into_its_window() -> None:
    process = ShiftableProcess(power_sensor=1, powers=(2000.0,), part=2 * HOUR)

    def check_at(now: datetime) -> list[FindingCode]:
        return codes(
            check_process(
                process,
                earliest=START,
                latest_end=START + 3 * HOUR,
                now=now,
                resolution=QUARTER,
            )
        )

    assert check_at(START - HOUR) == []
    # Plans begin with the step that holds now.
    assert check_at(START + HOUR + timedelta(minutes=14)) == []
    assert check_at(START + HOUR + QUARTER) == [FindingCode.WINDOW_TOO_SHORT]
    assert check_at(START + 3 * HOUR) == [FindingCode.WINDOW_OVER]


def test_what_remains_of_a_process_has_to_fit_into_its_window() -> None:
    window = ProcessWindow(earliest=START, latest_end=START + HOUR, remaining=1.5 * HOUR)

    [finding] = check_breakable_process(window, now=START, resolution=QUARTER)

    assert finding.code is FindingCode.WINDOW_TOO_SHORT
    assert finding.severity is Severity.BLOCKING
    assert finding.numbers == {
        "needed_hours": 1.5,
        "available_hours": 1,
        "start": "2026-11-22T04:00:00+00:00",
        "end": "2026-11-22T05:00:00+00:00",
    }
