"""From a power to what an actuator takes, and back."""

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.control import (
    ANY_VALUE,
    OFF,
    ON,
    Actuation,
    Bounds,
    Command,
    DirectPower,
    LinearTemperature,
    OffsetTemperature,
    PressStart,
    Reading,
    RunScript,
    ScaledNumber,
    Script,
    Select,
    SelectOption,
    SetNumber,
    SetNumberOrOff,
    Setpoint,
    SetpointSource,
    SetPower,
    SetTemperature,
    Start,
    Switch,
    SwitchedNumber,
    Threshold,
    TurnSwitch,
)

from .home import NOON, QUARTER


def command(
    actuation: Actuation,
    power: float,
    bounds: Bounds = ANY_VALUE,
    standing: Command | None = None,
) -> Command | None:
    """Return what the actuator is told for a planned power."""
    setpoint = Setpoint(power, SetpointSource.SCHEDULE, NOON)
    return actuation.command(setpoint, power, bounds, standing)


@pytest.mark.parametrize(
    ("number", "power", "value"),
    [
        (ScaledNumber.watts(), 1500, 1500),
        (ScaledNumber.watts(consumption_positive=False), 1500, -1500),
        (ScaledNumber.kilowatts(), -2300, -2.3),
        (ScaledNumber.kilowatts(consumption_positive=False), -2300, 2.3),
        # 11.04 kW is 16 A on each of three phases of 230 V.
        (ScaledNumber.amperes(230, 3), 11_040, 16),
        (ScaledNumber.amperes(230, 1), 2300, 10),
        (ScaledNumber.amperes(230, 1, consumption_positive=False), 2300, -10),
        (ScaledNumber.percent(5000), 1250, 25),
        (ScaledNumber.percent(5000, consumption_positive=False), 1250, -25),
    ],
)
def test_a_number_gets_the_power_in_its_own_unit_and_sign(
    number: ScaledNumber, power: float, value: float
) -> None:
    told = command(number, power)

    assert isinstance(told, SetNumber)
    assert told.value == pytest.approx(value)
    assert number.power(told.value) == pytest.approx(power)


@pytest.mark.parametrize(
    ("power", "bounds", "value"),
    [
        (3740, Bounds(-5000, 5000, 100), 3700),
        (-3740, Bounds(-5000, 5000, 100), -3700),
        (3740, Bounds(0, 3500, 100), 3500),
        (-3740, Bounds(0, 3500, 100), 0),
        # Steps count from the least value, so 150, 250, ... up to 3650, 3750.
        (3740, Bounds(50, 5000, 100), 3650),
        (2300, Bounds(None, None, 0.1), 2300),
        (-40, Bounds(-5000, 5000, 100), 0),
    ],
)
def test_a_number_is_rounded_toward_rest_and_kept_within_its_bounds(
    power: float, bounds: Bounds, value: float
) -> None:
    assert command(ScaledNumber.watts(), power, bounds) == SetNumber(value)


def test_floating_point_costs_no_step() -> None:
    # 2300 W are 2.3 kW, whose tenths are 22.999999999999996.
    assert command(ScaledNumber.kilowatts(), 2300, Bounds(0, 5, 0.1)) == SetNumber(2.3)


@given(
    power=st.floats(-5000, 5000),
    step=st.sampled_from([0.1, 1.0, 7.0, 100.0, 690.0]),
    sign=st.booleans(),
)
def test_rounding_never_draws_or_gives_more_than_was_planned(
    power: float, step: float, sign: bool
) -> None:
    number = ScaledNumber.watts(consumption_positive=sign)
    told = command(number, power, Bounds(-step * 100_000, step * 100_000, step))

    assert isinstance(told, SetNumber)
    followed = number.power(told.value)
    assert followed is not None
    assert abs(followed) <= abs(power) + step * 1e-5
    assert abs(followed - power) <= step * (1 + 1e-5)
    assert followed * power >= 0


@pytest.mark.parametrize(
    ("value", "reading", "step", "shown"),
    [
        (3000.0, 3000.0, None, True),
        (3000.0, 3029.0, None, True),
        (3000.0, 3031.0, None, False),
        (3000.0, 3100.0, 100, True),
        (3000.0, 3101.0, 100, False),
        (0.0, 0.5, 1, True),
        (0.0, 0.5, None, False),
        (0.0, float("nan"), 1, False),
        (0.0, "unknown", 1, False),
    ],
)
def test_a_number_that_the_device_rounds_is_still_what_it_was_told(
    value: float, reading: Reading, step: float | None, shown: bool
) -> None:
    bounds = Bounds(step=step)

    assert ScaledNumber.watts().shows(SetNumber(value), reading, bounds) is shown


def test_a_charger_that_cannot_charge_with_little_is_switched_off() -> None:
    charger = SwitchedNumber(ScaledNumber.amperes(230, 1), least_power=1000)
    bounds = Bounds(6, 16, 1)

    assert command(charger, 2400, bounds) == SetNumberOrOff(10)
    # 1379 W are less than 6 A; 3740 W are 16.26 A.
    assert command(charger, 1379, bounds) == SetNumberOrOff(None)
    assert command(charger, 1380, bounds) == SetNumberOrOff(6)
    assert command(charger, 3740, bounds) == SetNumberOrOff(16)
    assert command(charger, 0, bounds) == SetNumberOrOff(None)
    assert command(charger, 900) == SetNumberOrOff(None)
    assert command(charger, -2400, bounds) == SetNumberOrOff(None)
    assert (charger.power(OFF), charger.power(10.0)) == (0, 2300)
    assert charger.shows(SetNumberOrOff(None), OFF, bounds)
    assert not charger.shows(SetNumberOrOff(None), 6.0, bounds)
    assert charger.shows(SetNumberOrOff(10), 10.0, bounds)
    assert not charger.shows(SetNumberOrOff(10), OFF, bounds)
    assert not charger.shows(SetNumber(10), 10.0, bounds)
    assert (charger.runs(SetNumberOrOff(6)), charger.runs(SetNumberOrOff(None))) == (True, False)


def test_a_switch_has_hysteresis() -> None:
    switch = Switch(Threshold(on_from=1000, off_below=600), full_power=2000)

    assert command(switch, 999, standing=TurnSwitch(False)) == TurnSwitch(False)
    assert command(switch, 1000, standing=TurnSwitch(False)) == TurnSwitch(True)
    assert command(switch, 600, standing=TurnSwitch(True)) == TurnSwitch(True)
    assert command(switch, 599, standing=TurnSwitch(True)) == TurnSwitch(False)
    assert (switch.power(ON), switch.power(OFF), switch.power("unknown")) == (2000, 0, None)
    assert switch.shows(TurnSwitch(True), ON, ANY_VALUE)
    assert not switch.shows(TurnSwitch(True), OFF, ANY_VALUE)
    assert (switch.runs(TurnSwitch(True)), switch.runs(TurnSwitch(False))) == (True, False)


def test_a_select_gets_the_option_for_what_is_planned() -> None:
    select = Select(100, charge="Force charge", idle="Self use", discharge="Force discharge")
    charge_only = Select(100, charge="Charge", idle="Stop")

    assert command(select, 100) == SelectOption("Force charge")
    assert command(select, 99) == SelectOption("Self use")
    assert command(select, -100) == SelectOption("Force discharge")
    assert command(charge_only, -3000) == SelectOption("Stop")
    assert (select.power("Self use"), select.power("Force charge")) == (0, None)
    assert select.shows(SelectOption("Self use"), "Self use", ANY_VALUE)
    assert (select.runs(SelectOption("Force charge")), select.runs(SelectOption("Self use"))) == (
        True,
        False,
    )


def test_a_boiler_gets_a_temperature_between_two() -> None:
    boiler = LinearTemperature(at_rest=45, at_full_power=65, full_power=2000)
    bounds = Bounds(30, 60, 0.5)

    assert command(boiler, 0, bounds) == SetNumber(45)
    assert command(boiler, 1000, bounds) == SetNumber(55)
    # 1130 W are 56.3 degrees.
    assert command(boiler, 1130, bounds) == SetNumber(56)
    assert command(boiler, 2000, bounds) == SetNumber(60)
    assert command(boiler, -2000, bounds) == SetNumber(45)
    assert (boiler.power(55.0), boiler.power(40.0), boiler.power("off")) == (1000, 0, None)
    assert boiler.shows(SetNumber(55), 55.5, bounds)
    assert not boiler.shows(SetNumber(55), 54.4, bounds)
    assert (boiler.runs(SetNumber(46)), boiler.runs(SetNumber(45))) == (True, False)


def test_a_cooler_rounds_toward_its_rest_too() -> None:
    cooler = LinearTemperature(at_rest=6, at_full_power=2, full_power=1000, on_climate=True)

    # 600 W are 3.6 degrees.
    assert command(cooler, 600, Bounds(0, 10, 0.5)) == SetTemperature(4)


def test_a_climate_is_moved_by_its_offset_while_the_device_should_run() -> None:
    climate = OffsetTemperature(20, 1.5, Threshold(1000, 600), full_power=2500)

    assert command(climate, 999) == SetTemperature(20)
    assert command(climate, 1000) == SetTemperature(21.5)
    assert command(climate, 700, standing=SetTemperature(21.5)) == SetTemperature(21.5)
    assert command(climate, 599, standing=SetTemperature(21.5)) == SetTemperature(20)
    assert (climate.power(21.5), climate.power(20.0), climate.power("off")) == (2500, 0, None)


def test_a_process_is_started_once_and_never_stopped() -> None:
    start = Start(Threshold(1000, 500))

    assert command(start, 2000) == PressStart()
    assert command(start, 700, standing=PressStart()) == PressStart()
    assert command(start, 0, standing=PressStart()) is None
    assert command(start, 999) is None
    assert start.runs(PressStart())
    assert start.power(ON) is None


def test_a_script_is_told_power_reason_and_end_and_only_power_is_a_reason_to_run_it_again() -> None:
    told = command(Script(), 1500)

    assert isinstance(told, RunScript)
    assert (told.power, told.source, told.until) == (1500, "schedule", NOON)
    assert told == RunScript(1500, "override", NOON + QUARTER)
    assert told != RunScript(1600, "schedule", NOON)
    assert (Script().runs(told), Script().runs(RunScript(0, "pause", None))) == (True, False)
    assert Script().power(1.0) is None


def test_a_carrier_that_speaks_power_gets_power() -> None:
    power = DirectPower()

    assert command(power, -1234.5) == SetPower(-1234.5)
    assert command(power, -1234.5, Bounds(-5000, 5000, 100)) == SetPower(-1200)
    assert power.shows(SetPower(1000), 1005.0, ANY_VALUE)
    assert (power.power(7.0), power.power("off")) == (7, None)
    assert (power.runs(SetPower(1)), power.runs(SetPower(0))) == (True, False)


@pytest.mark.parametrize(
    ("actuation", "reading", "restoring"),
    [
        (ScaledNumber.watts(), 700.0, SetNumber(700)),
        (ScaledNumber.watts(), "unknown", None),
        (SwitchedNumber(ScaledNumber.amperes(230, 3), 0), OFF, SetNumberOrOff(None)),
        (SwitchedNumber(ScaledNumber.amperes(230, 3), 0), 8.0, SetNumberOrOff(8)),
        (SwitchedNumber(ScaledNumber.amperes(230, 3), 0), "unknown", None),
        (Switch(Threshold(1, 1), 1), ON, TurnSwitch(True)),
        (Switch(Threshold(1, 1), 1), "unknown", None),
        (Select(1, "a", "b"), "Automatic", SelectOption("Automatic")),
        (Select(1, "a", "b"), 3.0, None),
        (OffsetTemperature(20, 1, Threshold(1, 1), 1), 19.0, SetTemperature(19)),
        (LinearTemperature(20, 30, 1), 19.0, SetNumber(19)),
        (LinearTemperature(20, 30, 1), "unknown", None),
        (DirectPower(), 5.0, SetPower(5)),
        (DirectPower(), "unknown", None),
        (Start(Threshold(1, 1)), ON, None),
        (Script(), ON, None),
    ],
)
def test_what_was_shown_before_can_be_brought_back(
    actuation: Actuation, reading: Reading, restoring: Command | None
) -> None:
    assert actuation.restoring(reading) == restoring
    if restoring:
        assert actuation.shows(restoring, reading, ANY_VALUE)
    else:
        assert not actuation.shows(SetNumber(1), reading, ANY_VALUE)


def test_mappings_that_make_no_sense_are_refused() -> None:
    for mapping in (
        lambda: ScaledNumber(0),
        lambda: ScaledNumber.amperes(230, 4),
        lambda: ScaledNumber.amperes(0, 1),
        lambda: ScaledNumber.percent(0),
        lambda: LinearTemperature(20, 20, 1000),
        lambda: LinearTemperature(20, 30, 0),
        lambda: Threshold(500, 600),
        lambda: Threshold(500, 0),
    ):
        with pytest.raises(ValueError, match=r"."):
            mapping()
