"""From a schedule to instructions for devices that store."""

from datetime import datetime, timedelta

import pytest

from custom_components.flexmeasures.s2.control_types import FillRateControl, FillRateOptions, Plan
from custom_components.flexmeasures.s2.messages import frbc
from custom_components.flexmeasures.s2.messages.session import (
    InstructionStatus,
    InstructionStatusUpdate,
    RevokableObject,
)

from .samples import (
    CHARGE_RATE,
    DISCHARGE_RATE,
    MINUTE,
    NOON,
    QUARTER,
    SECOND,
    actuator,
    actuator_status,
    all_transitions,
    battery,
    battery_modes,
    element,
    ids,
    mode,
    plan,
    revoke,
    schedule,
    span,
    storage_description,
    storage_status,
    timer,
    transition,
)


def control_of(
    description: frbc.SystemDescription,
    *,
    level: float = 0.5,
    running: str = "idle",
    options: FillRateOptions | None = None,
) -> FillRateControl:
    """Return the control of a device with one actuator, idle and half full at noon."""
    control = FillRateControl(options)
    control.receive(description, NOON)
    control.receive(storage_status(level), NOON)
    for part in description.actuators:
        control.receive(actuator_status(part.id, running), NOON)
    return control


# It charges for at least ten minutes.
RESTING = battery(
    [
        transition("idle", "charge", starts=["rest"]),
        transition("charge", "idle", blocked_by=["rest"]),
    ],
    [timer("rest", 10 * MINUTE)],
)


def send(control: FillRateControl, power: float) -> None:
    """Send what a power in W asks for at noon: one instruction with the id i1."""
    (instruction,) = control.instructions(NOON, plan(power), ids())
    control.sent(instruction, NOON)


def choice(
    control: FillRateControl, power: float, now: timedelta = timedelta(0)
) -> tuple[str, object] | None:
    """Return the mode and factor that one actuator is told for a power in W; None when nothing is."""
    instructions = control.instructions(NOON + now, plan(power), ids())
    if not instructions:
        return None
    (instruction,) = instructions
    return instruction.operation_mode_id, pytest.approx(instruction.operation_mode_factor)


@pytest.mark.parametrize(
    ("power", "mode_id", "factor"),
    [
        (0, "idle", 0),
        (1250, "idle", 0),
        (1251, "charge", 0),
        (3750, "charge", 0.5),
        (6000, "charge", 1),
        (-3000, "discharge", 0.8),
        (-5000, "discharge", 0),
    ],
)
def test_the_mode_and_factor_with_the_nearest_power_are_chosen(
    power: float, mode_id: str, factor: float
) -> None:
    assert choice(control_of(battery()), power) == (mode_id, factor)


def test_an_instruction_says_all_that_the_device_has_to_know() -> None:
    (instruction,) = control_of(battery()).instructions(NOON + SECOND, plan(3750), ids())

    assert instruction == frbc.Instruction(
        id="i1",
        execution_time=NOON + SECOND,
        abnormal_condition=False,
        actuator_id="battery",
        operation_mode_id="charge",
        operation_mode_factor=0.5,
    )


def test_the_same_question_gets_the_same_answer() -> None:
    control = control_of(battery())

    assert control.instructions(NOON, plan(3750), ids()) == control.instructions(
        NOON, plan(3750), ids()
    )


def test_a_power_set_by_a_person_goes_before_the_schedule() -> None:
    wanted = Plan(schedules={"battery": schedule(3750)}, overrides={"battery": -3000})
    (instruction,) = control_of(battery()).instructions(NOON, wanted, ids())

    assert (instruction.operation_mode_id, instruction.operation_mode_factor) == ("discharge", 0.8)


@pytest.mark.parametrize("missing", ["description", "level", "status", "plan", "step"])
def test_a_device_of_which_too_little_is_known_is_left_alone(missing: str) -> None:
    control = FillRateControl()
    if missing != "description":
        control.receive(battery(), NOON)
    if missing != "level":
        control.receive(storage_status(0.5), NOON)
    if missing != "status":
        control.receive(actuator_status("battery", "idle"), NOON)
    wanted = {"plan": Plan(), "step": plan(None)}.get(missing, plan(3750))

    assert control.instructions(NOON, wanted, ids()) == ()


def test_what_arrives_before_the_description_counts_when_it_comes() -> None:
    control = FillRateControl()
    control.receive(storage_status(0.5), NOON)
    control.receive(actuator_status("battery", "idle"), NOON)
    control.receive(battery(), NOON)

    assert choice(control, 3750) == ("charge", 0.5)


def test_a11_a_future_description_waits_for_its_time() -> None:
    control = control_of(battery())
    later = storage_description(
        actuator("battery", [mode("idle", element((0, 1), (0, 0), (100, 100)))]),
        valid_from=NOON + QUARTER,
        message_id="later",
    )
    control.receive(later, NOON)

    assert choice(control, 3750) == ("charge", 0.5)
    assert control.next_decision(NOON, plan(3750, 3750)) == NOON + QUARTER
    assert choice(control, 3750, QUARTER - SECOND) == ("charge", 0.5)
    (instruction,) = control.instructions(NOON + QUARTER, plan(3750, 3750), ids())
    assert instruction.operation_mode_id == "idle"


def test_a12_a_revoked_description_takes_its_instructions_with_it() -> None:
    control = control_of(battery())
    send(control, 3750)

    revoked = control.receive(
        revoke(RevokableObject.FRBC_SYSTEM_DESCRIPTION, "description"), NOON + SECOND
    )

    assert revoked == ("i1",)
    assert control.instructions(NOON + MINUTE, plan(-3000), ids()) == ()


def test_a12_what_the_device_has_finished_is_not_revoked() -> None:
    control = control_of(battery())
    send(control, 3750)
    control.receive(status_update("i1", InstructionStatus.SUCCEEDED), NOON + SECOND)

    assert control.deactivate() == ()


def test_a12_the_revocation_of_a_queued_description_changes_nothing_now() -> None:
    control = control_of(battery())
    control.receive(
        storage_description(
            actuator("battery", battery_modes()), valid_from=NOON + QUARTER, message_id="later"
        ),
        NOON,
    )
    control.receive(revoke(RevokableObject.FRBC_SYSTEM_DESCRIPTION, "later"), NOON)

    assert choice(control, 3750) == ("charge", 0.5)
    assert control.next_decision(NOON, Plan()) is None


def test_a13_nothing_is_said_after_the_control_type_ended() -> None:
    control = control_of(battery())
    send(control, 3750)

    assert control.deactivate() == ("i1",)
    assert control.deactivate() == ()


def test_a14_a_mode_without_a_transition_is_not_asked_for() -> None:
    ways = [transition("idle", "charge"), transition("charge", "idle")]

    assert choice(control_of(battery(ways)), -5000) == ("idle", 0)


def test_a14_a_running_timer_blocks_until_it_ends() -> None:
    control = control_of(RESTING)
    send(control, 5000)

    assert control.next_decision(NOON, Plan()) == NOON + 10 * MINUTE
    # It stays where it is, as near to 0 W as it can.
    assert choice(control, 0, 10 * MINUTE - SECOND) == ("charge", 0)
    assert choice(control, 0, 10 * MINUTE) == ("idle", 0)


def test_a14_what_the_device_says_of_a_timer_counts_more() -> None:
    control = control_of(RESTING)
    send(control, 5000)
    control.receive(
        frbc.TimerStatus(
            message_id="t", timer_id="rest", actuator_id="battery", finished_at=NOON + MINUTE
        ),
        NOON + SECOND,
    )

    assert choice(control, 0, MINUTE) == ("idle", 0)


def test_a14_a_change_that_the_device_made_itself_starts_its_timers_too() -> None:
    control = control_of(RESTING)
    control.receive(
        frbc.ActuatorStatus(
            message_id="s",
            actuator_id="battery",
            active_operation_mode_id="charge",
            operation_mode_factor=1,
            previous_operation_mode_id="idle",
            transition_timestamp=NOON + MINUTE,
        ),
        NOON + 2 * MINUTE,
    )

    assert choice(control, 0, 11 * MINUTE - SECOND) == ("charge", 0)
    assert choice(control, 0, 11 * MINUTE) == ("idle", 0)


def test_a14_a_transition_that_was_refused_has_started_no_timer() -> None:
    ways = [transition("idle", "charge", starts=["rest"], blocked_by=["rest"])]
    control = control_of(battery(ways, [timer("rest", 10 * MINUTE)]))
    send(control, 5000)
    control.refused("i1", NOON, temporary=True)

    assert choice(control, 5000, 5 * SECOND) == ("charge", 1)


def test_a14_what_the_device_says_of_a_timer_outlasts_a_refusal() -> None:
    ways = [transition("idle", "charge", starts=["rest"], blocked_by=["rest"])]
    control = control_of(battery(ways, [timer("rest", 10 * MINUTE)]))
    control.receive(timer_status(NOON), NOON)
    send(control, 5000)
    control.receive(timer_status(NOON + 20 * MINUTE), NOON)
    control.refused("i1", NOON, temporary=True)

    (instruction,) = control.instructions(NOON + 19 * MINUTE, plan(5000, 5000), ids())
    assert instruction.operation_mode_id == "idle"


def timer_status(finished_at: datetime) -> frbc.TimerStatus:
    """Return when the timer ends."""
    return frbc.TimerStatus(
        message_id="t", timer_id="rest", actuator_id="battery", finished_at=finished_at
    )


def test_a_mode_that_takes_two_transitions_is_approached_by_the_first() -> None:
    ways = [
        transition("idle", "charge", duration=30 * SECOND),
        transition("charge", "discharge"),
        transition("discharge", "idle"),
    ]
    control = control_of(battery(ways))
    (first,) = control.instructions(NOON, plan(-5000), ids())
    control.sent(first, NOON)

    # On the way it charges with the least power.
    assert (first.operation_mode_id, first.operation_mode_factor) == ("charge", 0)
    assert control.instructions(NOON + 29 * SECOND, plan(-5000), ids()) == ()
    assert control.next_decision(NOON, plan(-5000)) == NOON + 30 * SECOND
    assert choice(control, -5000, 30 * SECOND) == ("discharge", 0)


def test_of_two_ways_the_quicker_one_is_taken() -> None:
    modes = [
        mode(name, element((0, 1), (0, 0), (watts, watts)))
        for name, watts in (("idle", 0), ("warm", 100), ("hot", 200), ("full", 5000))
    ]
    ways = [
        transition("idle", "warm", duration=MINUTE),
        transition("idle", "hot", duration=SECOND),
        transition("warm", "full"),
        transition("hot", "full"),
    ]
    control = control_of(storage_description(actuator("battery", modes, ways)))

    assert choice(control, 5000) == ("hot", 0)


def test_of_equal_powers_the_cheaper_transition_wins() -> None:
    modes = [
        mode("idle", element((0, 1), (0, 0), (0, 0))),
        mode("dear", element((0, 1), (0, 0), (1000, 1000))),
        mode("cheap", element((0, 1), (0, 0), (1000, 1000))),
    ]
    ways = [transition("idle", "dear", costs=0.2), transition("idle", "cheap", costs=0.1)]
    control = control_of(storage_description(actuator("battery", modes, ways)))

    assert choice(control, 1000) == ("cheap", 0)


def test_a15_only_modes_that_have_an_element_at_the_fill_level_are_chosen() -> None:
    modes = [
        mode("idle", element((0, 1), (0, 0), (0, 0))),
        mode("fast", element((0, 0.5), (1e-6, 1e-6), (5000, 5000))),
        mode("slow", element((0.5, 1), (1e-7, 1e-7), (500, 500))),
    ]
    description = storage_description(actuator("battery", modes))

    assert choice(control_of(description, level=0.4), 5000) == ("fast", 0)
    assert choice(control_of(description, level=0.6), 5000) == ("slow", 0)


def test_a15_at_a_border_the_element_counts_towards_which_the_level_moves() -> None:
    both_ways = mode(
        "run",
        element((0, 0.5), (-1e-6, 1e-6), (-1000, 1000)),
        element((0.5, 1), (-2e-6, 2e-6), (-2000, 2000)),
    )
    control = control_of(storage_description(actuator("battery", [both_ways])), running="run")

    assert choice(control, 1000) == ("run", 0.75)  # -2000 + 0.75 * 4000
    assert choice(control, -1000) == ("run", 0)  # -1000 + 0 * 2000


def test_a16_what_is_for_abnormal_conditions_needs_permission() -> None:
    modes = (
        *battery_modes()[:2],
        mode("emergency", element((0, 1), (-1e-6, -1e-6), (-9000, -9000)), abnormal=True),
    )
    description = storage_description(actuator("battery", modes))
    permitted = FillRateOptions(abnormal_conditions=True)

    assert choice(control_of(description), -9000) == ("idle", 0)
    (instruction,) = control_of(description, options=permitted).instructions(
        NOON, plan(-9000), ids()
    )
    assert (instruction.operation_mode_id, instruction.abnormal_condition) == ("emergency", True)


def test_a16_so_do_transitions_for_abnormal_conditions() -> None:
    ways = [transition("idle", "charge", abnormal=True)]
    permitted = FillRateOptions(abnormal_conditions=True)

    assert choice(control_of(battery(ways)), 5000) == ("idle", 0)
    (instruction,) = control_of(battery(ways), options=permitted).instructions(
        NOON, plan(5000), ids()
    )
    assert (instruction.operation_mode_id, instruction.abnormal_condition) == ("charge", True)


def test_small_changes_are_not_worth_an_instruction_and_larger_ones_are() -> None:
    control = control_of(battery())
    send(control, 3750)

    # 1 % of the range from -5000 to 5000 W.
    assert choice(control, 3849, MINUTE) is None
    assert choice(control, 3850, MINUTE) == ("charge", 0.54)


def test_an_instruction_is_repeated_after_a_quarter_hour() -> None:
    control = control_of(battery())
    send(control, 3750)
    wanted = plan(3750, 3750)

    assert control.instructions(NOON + QUARTER - SECOND, wanted, ids()) == ()
    (again,) = control.instructions(NOON + QUARTER, wanted, ids())
    assert again.operation_mode_factor == 0.5


def test_charging_stops_where_the_storage_is_full() -> None:
    # 0.01 of 20 kWh is 0.2 kWh; 900 s at rate r fill 900 r.
    control = control_of(battery(), level=0.99)
    limit = 0.01 / 900
    factor = (limit - CHARGE_RATE / 2) / (CHARGE_RATE / 2)

    assert limit < CHARGE_RATE / 2
    assert factor < 0  # even the least charging would overfill it in this step
    assert choice(control, 5000) == ("idle", 0)
    assert choice(control, 5000, QUARTER - 60 * SECOND) == ("charge", 1)


def test_charging_is_reduced_to_what_still_fits() -> None:
    control = control_of(battery(), level=0.96)
    rate = 0.04 / 900

    assert choice(control, 5000) == ("charge", (rate - CHARGE_RATE / 2) / (CHARGE_RATE / 2))


def test_a_target_band_is_not_left_by_the_plan() -> None:
    control = control_of(battery(), level=0.5)
    control.receive(
        frbc.FillLevelTargetProfile(
            message_id="targets",
            start_time=NOON,
            elements=(
                frbc.FillLevelTargetProfileElement(
                    duration=QUARTER, fill_level_range=span(0.45, 0.9)
                ),
            ),
        ),
        NOON,
    )
    # Down to 0.45 within 900 s.
    rate = 0.05 / 900

    assert DISCHARGE_RATE / 2 < rate < DISCHARGE_RATE
    assert choice(control, -5000) == (
        "discharge",
        (DISCHARGE_RATE - rate) / (DISCHARGE_RATE / 2),
    )
    control.receive(storage_status(0.44), NOON)
    assert choice(control, -5000) == ("idle", 0)


def test_usage_makes_room_in_a_full_storage() -> None:
    control = control_of(battery(), level=1.0)
    control.receive(
        frbc.UsageForecast(
            message_id="usage",
            start_time=NOON,
            elements=(frbc.UsageForecastElement(duration=QUARTER, expected=CHARGE_RATE),),
        ),
        NOON,
    )

    assert choice(control, 5000) == ("charge", 1)


def test_two_actuators_share_what_room_is_left() -> None:
    def heater(name: str) -> frbc.ActuatorDescription:
        return actuator(name, [mode("on", element((0, 100), (0, 0.02), (0, 2000)))])

    description = storage_description(heater("first"), heater("second"), levels=(0, 100))
    control = control_of(description, level=70, running="on")
    wanted = Plan(schedules={"first": schedule(2000), "second": schedule(2000)})

    first, second = control.instructions(NOON, wanted, ids())
    # 30 units in 900 s are 0.0333 a second: 0.02 for the first, 0.0133 for the second.
    assert (first.actuator_id, first.operation_mode_factor) == ("first", 1)
    assert (second.actuator_id, second.operation_mode_factor) == (
        "second",
        pytest.approx(2 / 3),
    )


def test_a_refused_mode_is_avoided_for_a_minute() -> None:
    control = control_of(battery())
    send(control, 5000)
    control.receive(status_update("i1", InstructionStatus.REJECTED), NOON + SECOND)

    # It is idle as before, and the next best is to stay so.
    assert choice(control, 5000, 2 * SECOND) == ("idle", 0)
    assert choice(control, 5000, 61 * SECOND) == ("charge", 1)


def test_after_a_temporary_error_it_is_tried_again_once_after_five_seconds() -> None:
    control = control_of(battery())
    for attempt, (error, wait) in enumerate([(0, 5), (5, 60)]):
        (instruction,) = control.instructions(
            NOON + error * SECOND, plan(5000), ids(f"attempt{attempt}-")
        )
        assert instruction.operation_mode_id == "charge"
        control.sent(instruction, NOON + error * SECOND)
        control.refused(instruction.id, NOON + error * SECOND, temporary=True)
        assert choice(control, 5000, (error + wait - 1) * SECOND) == ("idle", 0)

    assert choice(control, 5000, 65 * SECOND) == ("charge", 1)


def test_a_factor_that_was_refused_leaves_the_device_as_it_is() -> None:
    control = control_of(battery(), running="charge")
    send(control, 5000)
    control.refused("i1", NOON, temporary=False)

    assert choice(control, 5000, SECOND) is None
    assert choice(control, 0, SECOND) == ("idle", 0)


def test_the_answer_to_a_foreign_instruction_changes_nothing() -> None:
    control = control_of(battery())
    send(control, 5000)
    control.refused("unknown", NOON, temporary=False)
    control.receive(status_update("unknown", InstructionStatus.ABORTED), NOON)

    assert control.power("battery", NOON) == 5000


def test_the_fill_level_between_two_statuses_follows_what_runs() -> None:
    control = control_of(battery(), level=0.5)
    send(control, 5000)

    # 5 kW at 95 % for an hour put 4.75 kWh into 20 kWh.
    assert control.fill_level(NOON + timedelta(hours=1)) == pytest.approx(0.7375)
    assert control.fill_level(NOON + timedelta(hours=9)) == 1
    control.receive(storage_status(0.2), NOON + timedelta(hours=9))
    assert control.fill_level(NOON + timedelta(hours=9)) == 0.2


def test_the_fill_level_falls_by_usage_and_leakage() -> None:
    control = control_of(battery(), level=0.5)
    control.receive(
        frbc.UsageForecast(
            message_id="usage",
            start_time=NOON + QUARTER,
            elements=(frbc.UsageForecastElement(duration=QUARTER, expected=1e-4),),
        ),
        NOON,
    )
    control.receive(
        frbc.LeakageBehaviour(
            message_id="leakage",
            valid_from=NOON,
            elements=(
                frbc.LeakageBehaviourElement(fill_level_range=span(0, 0.4), leakage_rate=0),
                frbc.LeakageBehaviourElement(fill_level_range=span(0.4, 1), leakage_rate=1e-5),
            ),
        ),
        NOON,
    )

    # A quarter of an hour of leakage; then usage and leakage to 0.4, and usage alone.
    assert control.fill_level(NOON + QUARTER) == pytest.approx(0.491)
    reached = 0.091 / 1.1e-4
    assert reached < 900
    assert control.fill_level(NOON + 2 * QUARTER) == pytest.approx(
        0.4 - (900 - reached) * 1e-4, abs=1e-4
    )


def test_revoked_forecasts_no_longer_count() -> None:
    control = control_of(battery(), level=0.5)
    control.receive(
        frbc.UsageForecast(
            message_id="usage",
            start_time=NOON,
            elements=(frbc.UsageForecastElement(duration=QUARTER, expected=1e-4),),
        ),
        NOON,
    )
    control.receive(revoke(RevokableObject.FRBC_USAGE_FORECAST, "usage"), NOON)

    assert control.fill_level(NOON + QUARTER) == 0.5


def test_a_level_outside_of_the_storage_is_kept_as_it_was_reported() -> None:
    control = control_of(battery(), level=1.2)

    assert control.fill_level(NOON + QUARTER) == 1.2
    # No mode has an element there.
    assert control.instructions(NOON, plan(-5000), ids()) == ()


def test_stored_energy_and_power_are_told_in_kwh_and_watts() -> None:
    control = control_of(battery(), level=0.5, options=FillRateOptions(capacity_per_unit=20))

    assert control.stored_energy(NOON) == 10
    assert control.power("battery", NOON) == 0
    assert control.power("other", NOON) is None
    assert FillRateControl().stored_energy(NOON) is None


def test_the_ways_of_modes_stay_bounded() -> None:
    names = [f"m{index}" for index in range(20)]
    modes = [mode(name, element((0, 1), (0, 0), (0, 0))) for name in names]
    timers = [timer(f"t{index}", MINUTE) for index in range(300)]
    control = control_of(
        storage_description(actuator("battery", modes, all_transitions(*names), timers)),
        running="m0",
    )
    for index in range(300):
        at = NOON + index * SECOND
        control.receive(
            frbc.TimerStatus(
                message_id="t",
                timer_id=f"t{index}",
                actuator_id="battery",
                finished_at=at + timedelta(days=1),
            ),
            at,
        )
        (instruction,) = control.instructions(at, plan(0.0), ids())
        assert instruction.operation_mode_id == "m0"


def status_update(instruction_id: str, status: InstructionStatus) -> InstructionStatusUpdate:
    """Return what a device says of an instruction."""
    return InstructionStatusUpdate(
        message_id="update", instruction_id=instruction_id, status_type=status, timestamp=NOON
    )
