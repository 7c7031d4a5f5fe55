"""One finding of every kind, as the checks make it, with the numbers that its sentence can name."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

from custom_components.flexmeasures.s2.control_types import Finding as S2Finding, Notice
from custom_components.flexmeasures.s2_findings import findings_of
from custom_components.flexmeasures.scheduling import (
    EnergyTarget,
    EnergyWindow,
    Finding,
    FindingCode,
    PriceSeries,
    ProcessWindow,
    Storage,
    StorageState,
    check_breakable_process,
    check_prices,
    check_storage,
)

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
SEVEN = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
START = SEVEN - 3 * HOUR
CAR = Storage(
    power_sensor=12,
    capacity=50,
    minimum_state_of_charge=0.1,
    maximum_state_of_charge=0.9,
    charging_power=3700,
)


@cache
def every_finding() -> Mapping[FindingCode, Finding]:
    """Return what is found where all goes wrong that can."""
    found = (*_of_storage(), *_of_prices(), *_of_processes(), *findings_of(_of_s2_devices()))
    return {finding.code: finding for finding in found}


def _of_storage() -> Iterator[Finding]:
    # 3.7 kW give in three hours 11.1 of the 21.1 kWh that the target needs.
    yield from _check(StorageState(stored_energy=20, targets=(EnergyTarget(SEVEN, 41.1),)))
    for stored in (-1, 0, 3, 47):
        yield from _check(StorageState(stored_energy=stored))
    for target in (
        EnergyTarget(START - HOUR, 40),
        EnergyTarget(START + 12 * HOUR, 40),
        EnergyTarget(SEVEN, 47),
        EnergyTarget(SEVEN, 51),
    ):
        yield from _check(StorageState(stored_energy=40, targets=(target,)))
    wanted = EnergyWindow(START, START + HOUR, 40)
    yield from _check(
        StorageState(stored_energy=20, minima=(wanted,), maxima=(EnergyWindow(START, SEVEN, 30),))
    )
    yield from _check(StorageState(stored_energy=20), age=HOUR)


def _check(state: StorageState, age: timedelta = timedelta(0)) -> tuple[Finding, ...]:
    return check_storage(
        CAR,
        state,
        start=START,
        end=START + 8 * HOUR,
        resolution=QUARTER,
        age=age,
        longest_age=HOUR / 2,
    )


def _of_prices() -> Iterator[Finding]:
    known = PriceSeries(start=START, resolution=HOUR, prices=(0.1,), currency="EUR")
    for prices in (None, known):
        yield from check_prices(prices, start=START, end=SEVEN)


def _of_processes() -> Iterator[Finding]:
    window = ProcessWindow(earliest=START, latest_end=SEVEN, remaining=2 * HOUR)
    for now in (SEVEN - HOUR, SEVEN):
        yield from check_breakable_process(window, now=now, resolution=QUARTER)


def _of_s2_devices() -> Iterator[Notice]:
    """Yield what a device's description lets one find, each with the numbers that its control type gives."""
    for finding in (
        S2Finding.DISCHARGE_RATE_SIGN,
        S2Finding.EFFICIENCY_VARIES,
        S2Finding.OTHER_COMMODITY_NOT_PLANNED,
    ):
        yield Notice(finding=finding, subject="inverter")
    for finding in (
        S2Finding.DEMAND_BEYOND_SUPPLY,
        S2Finding.ENERGY_OUT_OF_REACH,
        S2Finding.TARGET_OUTSIDE_RANGE,
        S2Finding.TARGET_OUT_OF_REACH,
    ):
        yield Notice(finding=finding, at=SEVEN, wanted=18, possible=11.875)
    yield Notice(finding=S2Finding.FILL_LEVEL_OUTSIDE_RANGE, wanted=1.1, possible=1)
    yield Notice(finding=S2Finding.WINDOW_TOO_SHORT, subject="programme", at=SEVEN)
