"""What devices are told that meet a demand in one of several ways."""

from datetime import timedelta

import pytest

from custom_components.flexmeasures.s2.control_types import Contribution, Plan
from custom_components.flexmeasures.s2.messages import ddbc
from custom_components.flexmeasures.s2.messages.session import (
    InstructionStatus,
    RevokableObject,
)

from ..samples import (
    MINUTE,
    NOON,
    QUARTER,
    SECOND,
    ids,
    power,
    revoke,
    schedule,
    span,
    status_update,
    timer,
    transition,
)
from .heating import (
    BOILER,
    GAS_POWER,
    GRID,
    PUMP,
    SENSORS,
    description,
    forecast,
    hybrid,
    part,
    resting,
    told,
)


@pytest.mark.parametrize(("demand", "factor"), [(1.5, 0), (3, 1 / 3), (6, 1), (9, 1)])
def test_one_actuator_follows_its_demand_whatever_is_planned(demand: float, factor: float) -> None:
    assert told(hybrid(demand, PUMP), 0) == {"pump": ("heat", factor)}


def test_the_plan_decides_who_meets_the_demand() -> None:
    # 2 kW of electricity give all 6 kW; 1 kW gives half, and the boiler the other.
    assert told(hybrid(6), 2000) == {"pump": ("heat", 1), "boiler": ("off", 0)}
    assert told(hybrid(6), 1000) == {
        "pump": ("heat", 1 / 3),
        "boiler": ("burn", 3 / (GAS_POWER * 0.9)),
    }
    assert told(hybrid(6), 0) == {
        "pump": ("off", 0),
        "boiler": ("burn", 6 / (GAS_POWER * 0.9)),
    }


def test_the_demand_goes_before_the_plan() -> None:
    # Even at full power the boiler is 3.67 kW short of 10 kW; the heat pump has to help.
    (pump, boiler) = told(hybrid(10), 0).values()

    assert boiler == ("burn", 1)
    assert pump == ("heat", (10 - GAS_POWER * 0.9 - 1.5) / 4.5)


def test_without_a_plan_the_cheapest_to_run_meets_it() -> None:
    assert told(hybrid(3), None) == {"pump": ("heat", 1 / 3), "boiler": ("off", 0)}


def test_the_demand_comes_from_what_was_said_last() -> None:
    control = hybrid(None, PUMP)
    assert control.demand(NOON) is None
    assert told(control, 0) == {}

    control.receive(forecast(3, 6), NOON)
    assert (control.demand(NOON), control.demand(NOON + QUARTER)) == (3, 6)
    assert control.next_decision(NOON, Plan()) == NOON + QUARTER
    control.receive(
        ddbc.PresentDemandStatus(message_id="demand", present_demand_rate=span(2, 4)), NOON
    )
    assert control.demand(NOON + QUARTER) == 3
    control.receive(description(PUMP, demand=5), NOON)
    assert control.demand(NOON) == 5


def test_a11_a_future_description_waits() -> None:
    control = hybrid(3, PUMP)
    control.receive(description(BOILER, demand=3, valid_from=NOON + QUARTER), NOON)

    assert set(told(control, 0)) == {"pump"}
    assert control.next_decision(NOON, Plan()) == NOON + QUARTER


def test_a12_and_a13_a_revoked_description_ends_it() -> None:
    control = hybrid(3, PUMP)
    (instruction,) = control.instructions(NOON, Plan(), ids())
    control.sent(instruction, NOON)

    assert control.power("pump", NOON) == 1000
    assert control.receive(
        revoke(RevokableObject.DDBC_SYSTEM_DESCRIPTION, "description"), NOON
    ) == ("i1",)
    assert told(control, 0) == {}
    assert control.power("pump", NOON) is None
    assert control.contribution(SENSORS, GRID, NOON) == Contribution()


def test_a14_a_timer_keeps_the_pump_off_and_the_boiler_steps_in() -> None:
    pump = part(
        "pump",
        *PUMP.operation_modes,
        transitions=(transition("off", "heat", blocked_by=["rest"]),),
        timers=(timer("rest", 10 * MINUTE),),
    )
    control = hybrid(3, pump, BOILER)
    control.receive(resting(NOON + 10 * MINUTE), NOON)

    assert told(control, 1000)["boiler"] == ("burn", 3 / (GAS_POWER * 0.9))
    assert told(control, 1000, NOON + 10 * MINUTE)["pump"] == ("heat", 1 / 3)


def test_an_actuator_that_is_changing_counts_as_what_it_changes_to() -> None:
    pump = part(
        "pump",
        *PUMP.operation_modes,
        transitions=(transition("off", "heat", duration=5 * MINUTE),),
    )
    control = hybrid(6, pump, BOILER)
    for instruction in control.instructions(NOON, Plan(schedules={"pump": schedule(1000)}), ids()):
        control.sent(instruction, NOON)
    control.receive(description(pump, BOILER, demand=5), NOON)

    # 3 of 5 kW come from the pump.
    assert told(control, 1000, NOON + MINUTE) == {"boiler": ("burn", 2 / (GAS_POWER * 0.9))}


def test_a_change_of_gas_alone_is_worth_an_instruction() -> None:
    control = hybrid(3, BOILER)
    (instruction,) = control.instructions(NOON, Plan(), ids())
    control.sent(instruction, NOON)

    assert told(control, None, NOON + SECOND) == {}
    control.receive(description(BOILER, demand=3.01), NOON)
    assert told(control, None, NOON + SECOND) == {}
    control.receive(description(BOILER, demand=4), NOON)
    assert told(control, None, NOON + SECOND) == {"boiler": ("burn", 4 / (GAS_POWER * 0.9))}


def test_a_refused_mode_leaves_the_demand_to_others() -> None:
    control = hybrid(3)
    for instruction in control.instructions(NOON, Plan(), ids()):
        control.sent(instruction, NOON)
    control.receive(
        status_update("i1", InstructionStatus.REJECTED),
        NOON,
    )
    assert told(control, None, NOON + SECOND)["boiler"] == ("burn", 3 / (GAS_POWER * 0.9))
    control.refused("unknown", NOON, temporary=True)
    assert control.deactivate() == ("i2",)


def test_an_actuator_with_only_abnormal_modes_takes_no_part() -> None:
    emergency = ddbc.OperationMode(
        id="emergency",
        power_ranges=(power(9000, 9000),),
        supply_range=span(9, 9),
        abnormal_condition_only=True,
    )
    control = hybrid(3, part("pump", emergency), running="emergency")

    assert told(control, 0) == {}
    assert control.contribution(SENSORS, GRID, NOON) == Contribution()


def test_a_change_of_timers_is_looked_at_when_they_end() -> None:
    control = hybrid(3, PUMP)
    control.receive(resting(NOON + MINUTE), NOON)

    assert control.next_decision(NOON, Plan()) == NOON + timedelta(minutes=1)
