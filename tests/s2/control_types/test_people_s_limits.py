"""Limits that people set: within them it is planned, and instructed; the powers by hand."""

import math

import pytest

from custom_components.flexmeasures.s2.control_types import (
    UNGUARDED,
    ControlOptions,
    DeviceControl,
    FillRateControl,
    FillRateOptions,
    Grid,
    NoControl,
    OperationModeControl,
    Plan,
    PowerEnvelopeControl,
    PowerProfileControl,
    Sensors,
    Span,
    control_for,
)
from custom_components.flexmeasures.s2.control_types.bands import allowed
from custom_components.flexmeasures.s2.messages import frbc
from custom_components.flexmeasures.s2.messages.components import ControlType

from .power_envelope.envelopes import DEFER, SENSORS, VANISH, constraints
from .power_profile.programmes import dishwasher
from .samples import (
    NOON,
    QUARTER,
    actuator,
    actuator_status,
    battery,
    element,
    ids,
    mode,
    operation_modes,
    plan,
    schedule,
    storage_description,
    storage_status,
)
from .test_operation_mode import BOILER, status

GRID = Grid(NOON, QUARTER, 4)
THREE_KILOWATTS = Span(-1000.0, 3000.0)


def heaters(limits: Span) -> FillRateControl:
    """Return two heaters of 2 kW on one storage, both off at noon."""

    def heater(name: str) -> frbc.ActuatorDescription:
        return actuator(name, [mode("on", element((0, 100), (0, 0.01), (0, 2000)))])

    control = FillRateControl(FillRateOptions(limits=limits))
    control.receive(storage_description(heater("first"), heater("second"), levels=(0, 100)), NOON)
    control.receive(storage_status(10), NOON)
    for name in ("first", "second"):
        control.receive(actuator_status(name, "on"), NOON)
    return control


def test_bands_are_cut_to_what_people_allow() -> None:
    bands = (Span(-5000, -2500), Span(0, 0), Span(2500, 5000))

    assert allowed(bands, THREE_KILOWATTS) == (Span(0, 0), Span(2500, 3000))
    assert allowed(bands, UNGUARDED) == bands
    # A device that cannot be off has some power all the same.
    assert allowed((Span(4000, 5000),), THREE_KILOWATTS) == (Span(4000, 5000),)


def test_a_battery_is_planned_within_its_limits() -> None:
    control = FillRateControl(FillRateOptions(limits=Span(0.0, 3000.0)))
    control.receive(battery(), NOON)
    control.receive(storage_status(0.5), NOON)

    (model,) = control.contribution(Sensors(power={"battery": 1}), GRID, NOON).flex_models
    assert model["consumption-capacity"] == "3000 W"
    assert model["production-capacity"] == "0 W"
    assert model["operation-modes"] == [
        {"consumption-range": ["0 W", "0 W"]},
        {"consumption-range": ["2500 W", "3000 W"]},
    ]


def test_no_mode_beyond_the_limits_is_chosen() -> None:
    control = FillRateControl(FillRateOptions(limits=Span(0.0, 3000.0)))
    control.receive(battery(), NOON)
    control.receive(storage_status(0.5), NOON)
    control.receive(actuator_status("battery", "idle"), NOON)

    (charging,) = control.instructions(NOON, plan(5000), ids())
    assert charging.operation_mode_id == "charge"
    assert charging.operation_mode_factor == pytest.approx(0.2)  # of 2500 to 5000 W
    (resting,) = control.instructions(NOON, plan(-5000), ids())
    assert resting.operation_mode_id == "idle"


def test_several_actuators_share_the_limits() -> None:
    wanted = Plan(schedules={"first": schedule(2000), "second": schedule(2000)})

    first, second = heaters(Span(0.0, 3000.0)).instructions(NOON, wanted, ids())
    assert (first.actuator_id, first.operation_mode_factor) == ("first", 1)
    assert (second.actuator_id, second.operation_mode_factor) == ("second", pytest.approx(0.5))
    both = heaters(UNGUARDED).instructions(NOON, wanted, ids())
    assert [each.operation_mode_factor for each in both] == [1, 1]


def test_several_actuators_are_planned_as_a_group_within_the_limits() -> None:
    sensors = Sensors(power={"first": 1, "second": 2}, stored_energy=3, total_power=4)

    first, second, storage, group = (
        heaters(Span(-math.inf, 3000.0)).contribution(sensors, GRID, NOON).flex_models
    )
    assert [first["group"], second["group"]] == [{"sensor": 4}, {"sensor": 4}]
    assert first["consumption-capacity"] == "2000 W"
    assert "group" not in storage
    # Nothing is said of what people do not limit.
    assert group == {"sensor": 4, "consumption-capacity": "3000 W"}
    unlimited = heaters(UNGUARDED).contribution(sensors, GRID, NOON).flex_models
    assert len(unlimited) == 3
    assert not any("group" in model for model in unlimited)


def test_a_boiler_is_planned_and_told_within_its_limits() -> None:
    control = OperationModeControl(limits=Span(0.0, 1400.0))
    control.receive(operation_modes(BOILER), NOON)
    control.receive(status("off"), NOON)

    (model,) = control.contribution(Sensors(power={"": 1}), GRID, NOON).flex_models
    assert model["consumption-capacity"] == "1000 W"
    (instruction,) = control.instructions(NOON, plan(3000, actuator_id=""), ids())
    assert instruction.operation_mode_id == "half"


def test_panels_are_limited_to_what_people_let_them_feed_in() -> None:
    control = PowerEnvelopeControl(limits=Span(-2000.0, 0.0))
    control.receive(constraints(VANISH, [(0, 0)], [(-5000, 0)]), NOON)

    (model,) = control.contribution(SENSORS, GRID, NOON).flex_models
    assert model["power-capacity"] == "2000 W"
    (instruction,) = control.instructions(NOON, plan(-5000, -1000, actuator_id=""), ids())
    (envelope,) = instruction.power_envelopes
    assert [piece.lower_limit for piece in envelope.power_envelope_elements] == [-2000, -1000]
    (by_hand,) = control.instructions(NOON, Plan(overrides={"": -4000.0}), ids())
    assert by_hand.power_envelopes[0].power_envelope_elements[0].lower_limit == -2000


def test_a_range_of_powers_is_known_of_every_device_that_can_be_led() -> None:
    boiler = OperationModeControl()
    assert boiler.powers(NOON) == {}
    boiler.receive(operation_modes(BOILER), NOON)
    assert boiler.powers(NOON) == {"": Span(0, 3000)}

    store = FillRateControl()
    store.receive(battery(), NOON)
    assert store.powers(NOON) == {"battery": Span(-5000, 5000)}
    assert FillRateControl().powers(NOON) == {}

    charger = PowerEnvelopeControl()
    assert charger.powers(NOON) == {}
    charger.receive(constraints(DEFER, [(0, 7000)], [(0, 0)]), NOON)
    assert charger.powers(NOON) == {"": Span(0, 7000)}

    assert dishwasher((60, 2000), (30, 100)).powers(NOON) == {"": Span(0, 2000)}
    assert PowerProfileControl().powers(NOON) == {}
    assert NoControl().powers(NOON) == {}


def test_what_needs_abnormal_conditions_counts_only_where_they_are_allowed() -> None:
    emergency = mode("boost", element((0, 1), (0.1, 0.1), (9000, 9000)), abnormal=True)
    usual = mode("on", element((0, 1), (0.1, 0.1), (3000, 3000)))
    description = storage_description(actuator("heater", [usual, emergency]))

    def control(*, allowed: bool) -> FillRateControl:
        found = FillRateControl(FillRateOptions(abnormal_conditions=allowed))
        found.receive(description, NOON)
        return found

    assert control(allowed=False).powers(NOON) == {"heater": Span(3000, 3000)}
    assert control(allowed=True).powers(NOON) == {"heater": Span(3000, 9000)}


@pytest.mark.parametrize(
    ("control_type", "kind"),
    [
        (ControlType.FILL_RATE_BASED_CONTROL, FillRateControl),
        (ControlType.OPERATION_MODE_BASED_CONTROL, OperationModeControl),
        (ControlType.POWER_ENVELOPE_BASED_CONTROL, PowerEnvelopeControl),
    ],
)
def test_every_control_that_can_be_limited_gets_the_limits(
    control_type: ControlType, kind: type[DeviceControl]
) -> None:
    control = control_for(control_type, ControlOptions(limits=THREE_KILOWATTS))

    assert isinstance(control, kind)
    kept = vars(control)
    limits = kept.get("_limits", kept.get("_people_s_limits"))
    assert (limits or kept["_options"].limits) == THREE_KILOWATTS
