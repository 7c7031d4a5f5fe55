"""Devices that run in one of several modes and store nothing, and devices that only tell what they do."""

from datetime import timedelta

from custom_components.flexmeasures.s2.control_types import (
    Contribution,
    Grid,
    NoControl,
    OperationModeControl,
    Plan,
    Sensors,
    SeriesKind,
)
from custom_components.flexmeasures.s2.messages import ombc
from custom_components.flexmeasures.s2.messages.session import (
    InstructionStatus,
    PowerForecast,
    PowerForecastElement,
    RevokableObject,
)

from .samples import (
    MINUTE,
    NOON,
    QUARTER,
    SECOND,
    foreseen,
    ids,
    operation_modes,
    plan,
    revoke,
    status_update,
    timer,
    transition,
)

BOILER = (("off", 0.0, 0.0), ("half", 1000.0, 1000.0), ("modulated", 1500.0, 3000.0))
GRID = Grid(NOON, QUARTER, 4)


def status(mode_id: str, factor: float = 0.0) -> ombc.Status:
    """Return how the device runs."""
    return ombc.Status(
        message_id="status", active_operation_mode_id=mode_id, operation_mode_factor=factor
    )


def boiler(description: ombc.SystemDescription | None = None) -> OperationModeControl:
    """Return a boiler that is off at noon."""
    control = OperationModeControl()
    control.receive(description or operation_modes(BOILER), NOON)
    control.receive(status("off"), NOON)
    return control


def test_the_nearest_power_is_chosen() -> None:
    (instruction,) = boiler().instructions(NOON, plan(2250, actuator_id=""), ids())

    assert instruction == ombc.Instruction(
        id="i1",
        execution_time=NOON,
        operation_mode_id="modulated",
        operation_mode_factor=0.5,
    )


def test_an_override_goes_the_same_way() -> None:
    (instruction,) = boiler().instructions(NOON, Plan(overrides={"": 900}), ids())

    assert instruction.operation_mode_id == "half"


def test_nothing_is_said_while_too_little_is_known() -> None:
    control = OperationModeControl()
    assert control.instructions(NOON, plan(1000, actuator_id=""), ids()) == ()
    assert control.power(NOON) is None
    control.receive(operation_modes(BOILER), NOON)
    assert control.instructions(NOON, plan(1000, actuator_id=""), ids()) == ()
    control.receive(status("off"), NOON)
    assert control.instructions(NOON, Plan(), ids()) == ()


def test_a12_and_a13_a_revoked_description_ends_it() -> None:
    control = boiler()
    (instruction,) = control.instructions(NOON, plan(3000, actuator_id=""), ids())
    control.sent(instruction, NOON)

    assert control.power(NOON) == 3000
    revoked = control.receive(revoke(RevokableObject.OMBC_SYSTEM_DESCRIPTION, "description"), NOON)
    assert revoked == ("i1",)
    assert control.instructions(NOON, plan(0, actuator_id=""), ids()) == ()
    assert control.deactivate() == ()


def test_a14_timers_keep_it_on_as_long_as_it_has_to() -> None:
    ways = [
        transition("off", "half", starts=["on"]),
        transition("half", "off", blocked_by=["on"]),
    ]
    control = boiler(operation_modes(BOILER, ways, [timer("on", 20 * MINUTE)]))
    (instruction,) = control.instructions(NOON, plan(1000, actuator_id=""), ids())
    control.sent(instruction, NOON)

    wanted = plan(1000, 0, actuator_id="")
    assert control.instructions(NOON + 15 * MINUTE - SECOND, wanted, ids()) == ()
    assert control.next_decision(NOON + 16 * MINUTE, wanted) == NOON + 20 * MINUTE
    (instruction,) = control.instructions(NOON + 20 * MINUTE, wanted, ids())
    assert instruction.operation_mode_id == "off"


def test_the_device_s_own_word_on_timers_and_instructions_counts() -> None:
    ways = [transition("off", "half", blocked_by=["off"]), transition("off", "modulated")]
    control = boiler(operation_modes(BOILER, ways, [timer("off", MINUTE)]))
    control.receive(
        ombc.TimerStatus(message_id="t", timer_id="off", finished_at=NOON + MINUTE), NOON
    )
    (instruction,) = control.instructions(NOON, plan(1000, actuator_id=""), ids())
    assert instruction.operation_mode_id == "modulated"

    control.sent(instruction, NOON)
    control.receive(
        status_update(instruction.id, InstructionStatus.REJECTED),
        NOON,
    )
    assert control.power(NOON) == 0
    (instruction,) = control.instructions(NOON + SECOND, plan(1000, actuator_id=""), ids())
    assert instruction.operation_mode_id == "off"


def test_an_error_in_answer_to_an_instruction_takes_it_back() -> None:
    control = boiler()
    (instruction,) = control.instructions(NOON, plan(1000, actuator_id=""), ids())
    control.sent(instruction, NOON)
    control.refused(instruction.id, NOON, temporary=False)

    assert control.power(NOON) == 0


def test_modes_become_bands() -> None:
    sensors = Sensors(power={"": 7})
    assert OperationModeControl().contribution(sensors, GRID, NOON) == Contribution()
    (entry,) = boiler().contribution(sensors, GRID, NOON).flex_models

    assert entry == {
        "sensor": 7,
        "consumption-capacity": "3000 W",
        "production-capacity": "0 W",
        "power-capacity": "3000 W",
        "operation-modes": [
            {"consumption-range": ["0 W", "0 W"]},
            {"consumption-range": ["1000 W", "1000 W"]},
            {"consumption-range": ["1500 W", "3000 W"]},
        ],
    }


def test_a_device_that_cannot_be_controlled_tells_what_it_will_do() -> None:
    control = NoControl()
    sensors = Sensors(
        power={},
        series={SeriesKind.CONSUMPTION_FORECAST: 1, SeriesKind.PRODUCTION_FORECAST: 2},
    )
    assert control.contribution(sensors, GRID, NOON) == Contribution()
    control.receive(
        PowerForecast(
            message_id="forecast",
            start_time=NOON,
            elements=tuple(
                PowerForecastElement(duration=timedelta(minutes=minutes), power_values=values)
                for minutes, values in (
                    (15, foreseen(500)),
                    (30, foreseen(-2000)),
                )
            ),
        ),
        NOON,
    )
    found = control.contribution(sensors, GRID, NOON)

    assert found.flex_models == ()
    assert (found.inflexible_consumption, found.inflexible_production) == ((1,), (2,))
    assert {series.kind: series.values for series in found.series} == {
        SeriesKind.CONSUMPTION_FORECAST: (0.5, 0, 0, None),
        SeriesKind.PRODUCTION_FORECAST: (0, 2, 2, None),
    }


def test_a13_a_device_that_cannot_be_controlled_is_never_told_anything() -> None:
    control = NoControl()
    wanted = plan(1000, actuator_id="")

    assert control.instructions(NOON, wanted, ids()) == ()
    assert control.next_decision(NOON, wanted) is None
    assert control.deactivate() == ()
