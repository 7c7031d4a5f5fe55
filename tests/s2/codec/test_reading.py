"""Texts of devices: what is read in spite of how it is written."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.flexmeasures.s2.messages import ddbc, frbc, ppbc
from custom_components.flexmeasures.s2.messages.components import NumberRange
from custom_components.flexmeasures.s2.wire import JsonObject

from ..samples import (
    LATER,
    VALID_FROM,
    actuator,
    actuator_status,
    demand_driven_description,
    details,
    element,
    energy_constraint,
    fill_rate_description,
    fill_rate_mode,
    handshake,
    message,
    number_range,
    operation_mode_description,
    power_constraints,
    power_forecast,
    power_range,
    profile_status,
    revoke,
    status_update,
    storage_status,
    target_profile,
    timer_status,
    usage_forecast,
)
from .reading import NOON, read


def test_a_battery_is_read_with_its_units() -> None:
    description = read(fill_rate_description())

    assert isinstance(description, frbc.SystemDescription)
    assert description.valid_from == datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert description.storage.fill_level_label == "%"
    (inverter,) = description.actuators
    assert inverter.timers[0].duration == timedelta(minutes=1)
    up, down = inverter.transitions
    assert (up.from_id, up.to_id, up.blocking_timers) == ("idle", "charge", ("rest",))
    assert up.transition_duration == timedelta(seconds=2)
    assert (down.start_timers, down.transition_duration) == (("rest",), None)
    slow = inverter.operation_modes[1].elements[1]
    # 2500 W at factor 1, 1250 W at one half.
    assert slow.power_ranges[0].at(0.5) == 1250
    assert slow.fill_rate.at(1) == 0.01


def test_all_kinds_of_forecast_keep_their_numbers() -> None:
    usage = read(usage_forecast())
    assert usage.elements[0].duration == timedelta(minutes=15)
    assert usage.elements[0].expected == 0.002
    assert usage.elements[0].upper_95_ppr == 0.004
    assert usage.elements[0].lower_limit is None

    power = read(power_forecast())
    value = power.elements[0].power_values[0]
    assert (value.expected, value.upper_68_ppr) == (-1500, -1000)

    demand: JsonObject = {
        "duration": 60_000,
        "demand_rate_expected": 3,
        "demand_rate_lower_68PPR": 2.5,
    }
    forecast = read(
        message("DDBC.AverageDemandRateForecast", start_time=VALID_FROM, elements=[demand])
    )
    assert forecast.elements[0].lower_68_ppr == 2.5


def test_the_standards_typing_errors_stay_on_the_wire() -> None:
    description = read(demand_driven_description())

    assert isinstance(description, ddbc.SystemDescription)
    (pump,) = description.actuators
    assert pump.supported_commodities == ("ELECTRICITY",)
    assert pump.operation_modes[0].id == "heat"
    assert pump.operation_modes[0].supply_range.at(0.5) == 3
    assert description.present_demand_rate == NumberRange(start_of_range=3, end_of_range=3)


def test_the_present_demand_comes_either_way() -> None:
    raw = demand_driven_description()
    del raw["present_demand_rate"]
    assert read(raw).present_demand_rate is None

    status = read(message("DDBC.PresentDemandStatus", present_demand_rate=number_range(2, 4)))
    assert status.present_demand_rate.highest == 4


def test_the_progress_of_a_profile_is_a_duration() -> None:
    status = read(profile_status()).sequence_container_status[0]

    assert status.progress == timedelta(seconds=1.5)
    assert status.status is ppbc.PowerSequenceStatus.EXECUTING


def test_bounds_are_put_in_order_and_ranges_of_a_factor_are_not() -> None:
    """A producer writes 0 to -2000 W: as a limit that is a set of values, as a mode it is where factor 1 leads."""
    lower = read(power_constraints()).allowed_limit_ranges[1]
    assert lower.range_boundary == NumberRange(start_of_range=-2000, end_of_range=0)
    target = read(target_profile()).elements[0].fill_level_range
    assert target == NumberRange(start_of_range=20, end_of_range=60)

    discharge = fill_rate_mode(
        "idle", element(100, 0, number_range(0, -0.02), power_range(0, -2000))
    )
    raw = fill_rate_description(actuator(operation_modes=[discharge], transitions=[], timers=[]))
    mode = read(raw).actuators[0].operation_modes[0].elements[0]
    assert mode.fill_level_range == NumberRange(start_of_range=0, end_of_range=100)
    assert mode.power_ranges[0].at(1) == -2000
    assert mode.fill_rate.at(0.5) == -0.01


def test_one_power_range_for_each_phase_is_read() -> None:
    phases = [power_range(0, watts, f"ELECTRIC.POWER.L{watts}") for watts in (1, 2, 3)]
    mode = fill_rate_mode("idle", element(0, 100, number_range(0, 1), *phases))
    raw = fill_rate_description(actuator(operation_modes=[mode], transitions=[]))

    assert len(read(raw).actuators[0].operation_modes[0].elements[0].power_ranges) == 3


def test_boundaries_that_differ_by_rounding_adjoin() -> None:
    rate, power = number_range(0, 1), power_range(0, 1)
    bands = (element(0.3, 1, rate, power), element(0, 0.1 + 0.2, rate, power))
    raw = actuator(operation_modes=[fill_rate_mode("idle", *bands)], transitions=[])

    assert isinstance(read(fill_rate_description(raw)), frbc.SystemDescription)


def test_rounding_may_push_a_factor_over_its_end() -> None:
    assert read(actuator_status(factor=1 + 1e-12)).operation_mode_factor == 1
    assert read(actuator_status(factor=-1e-12)).operation_mode_factor == 0


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-22T13:00:00+01:00", NOON),
        ("2026-11-22T12:00:00.000000001Z", NOON),
        ("2026-11-22T12:00:00.5Z", NOON + timedelta(seconds=0.5)),
        ("2026-11-22 12:00:00Z", NOON),
        ("0001-01-01T00:00:00+14:00", datetime(1970, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59-12:00", datetime(3000, 1, 1, tzinfo=UTC)),
    ],
)
def test_times_are_read_however_they_are_written(written: str, meant: datetime) -> None:
    raw = timer_status() | {"finished_at": written}

    assert read(raw).finished_at == meant


def test_words_of_a_device_become_one_line_without_markup() -> None:
    raw = details() | {"name": "<script>\n  Tesla\u202e\x00 ", "model": "x" * 100_000}

    device = read(raw)

    assert device.name == "script Tesla"
    assert device.model == "x" * 200
    assert device.currency is None


@pytest.mark.parametrize(
    "said",
    [
        handshake(),
        details(),
        storage_status(),
        status_update("instruction-1"),
        revoke("FRBC.LeakageBehaviour", "leakage-1"),
        energy_constraint(),
        power_constraints(valid_until=LATER),
        operation_mode_description(),
    ],
    ids=lambda said: str(said["message_type"]),
)
def test_every_message_of_a_device_has_its_name(said: JsonObject) -> None:
    parsed = read(said)

    assert (parsed.message_type, parsed.message_id) == (said["message_type"], said["message_id"])
