"""Descriptions that several tests take their devices from."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count

from custom_components.flexmeasures.s2.control_types import Plan
from custom_components.flexmeasures.s2.messages import ddbc, frbc, ombc
from custom_components.flexmeasures.s2.messages.components import (
    Commodity,
    CommodityQuantity,
    NumberRange,
    PowerForecastValue,
    PowerRange,
    Timer,
    Transition,
)
from custom_components.flexmeasures.s2.messages.session import (
    InstructionStatus,
    InstructionStatusUpdate,
    RevokableObject,
    RevokeObject,
)
from custom_components.flexmeasures.scheduling import Schedule

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)

L1 = CommodityQuantity.ELECTRIC_POWER_L1
L2 = CommodityQuantity.ELECTRIC_POWER_L2
L3 = CommodityQuantity.ELECTRIC_POWER_L3
TOTAL = CommodityQuantity.ELECTRIC_POWER_3_PHASE_SYMMETRIC
GAS = CommodityQuantity.NATURAL_GAS_FLOW_RATE


def ids(prefix: str = "i") -> Callable[[], str]:
    """Return a factory of ids: i1, i2 and so on."""
    numbers = count(1)
    return lambda: f"{prefix}{next(numbers)}"


def span(start: float, end: float) -> NumberRange:
    """Return a range of numbers."""
    return NumberRange(start_of_range=start, end_of_range=end)


def power(start: float, end: float, quantity: CommodityQuantity = L1) -> PowerRange:
    """Return a range of power in W."""
    return PowerRange(start_of_range=start, end_of_range=end, commodity_quantity=quantity)


def foreseen(watts: float, quantity: CommodityQuantity = L1) -> tuple[PowerForecastValue, ...]:
    """Return the one power that is expected."""
    return (PowerForecastValue(commodity_quantity=quantity, expected=watts),)


def transition(
    from_id: str,
    to_id: str,
    *,
    starts: Iterable[str] = (),
    blocked_by: Iterable[str] = (),
    abnormal: bool = False,
    costs: float | None = None,
    duration: timedelta | None = None,
) -> Transition:
    """Return a transition named after its ends."""
    return Transition(
        id=f"{from_id}-{to_id}",
        from_id=from_id,
        to_id=to_id,
        start_timers=tuple(starts),
        blocking_timers=tuple(blocked_by),
        abnormal_condition_only=abnormal,
        transition_costs=costs,
        transition_duration=duration,
    )


def all_transitions(*mode_ids: str) -> tuple[Transition, ...]:
    """Return the transitions from every mode to every other one."""
    return tuple(
        transition(from_id, to_id) for from_id in mode_ids for to_id in mode_ids if from_id != to_id
    )


def timer(timer_id: str, duration: timedelta) -> Timer:
    """Return a timer."""
    return Timer(id=timer_id, duration=duration)


def element(
    levels: tuple[float, float], rate: tuple[float, float], watts: tuple[float, float]
) -> frbc.OperationModeElement:
    """Return what a mode does in a range of fill levels."""
    return frbc.OperationModeElement(
        fill_level_range=span(*levels), fill_rate=span(*rate), power_ranges=(power(*watts),)
    )


def mode(
    mode_id: str, *elements: frbc.OperationModeElement, abnormal: bool = False
) -> frbc.OperationMode:
    """Return a mode of a device that stores."""
    return frbc.OperationMode(id=mode_id, elements=elements, abnormal_condition_only=abnormal)


def actuator(
    actuator_id: str,
    modes: Iterable[frbc.OperationMode],
    transitions: Iterable[Transition] | None = None,
    timers: Iterable[Timer] = (),
    commodities: tuple[Commodity, ...] = (Commodity.ELECTRICITY,),
) -> frbc.ActuatorDescription:
    """Return an actuator whose modes can all be reached from each other, unless said otherwise."""
    modes = tuple(modes)
    ways = all_transitions(*(part.id for part in modes)) if transitions is None else transitions
    return frbc.ActuatorDescription(
        id=actuator_id,
        supported_commodities=commodities,
        operation_modes=modes,
        transitions=tuple(ways),
        timers=tuple(timers),
    )


def storage_description(
    *actuators: frbc.ActuatorDescription,
    levels: tuple[float, float] = (0, 1),
    valid_from: datetime = NOON,
    message_id: str = "description",
) -> frbc.SystemDescription:
    """Return the description of a storage."""
    return frbc.SystemDescription(
        message_id=message_id,
        valid_from=valid_from,
        actuators=actuators,
        storage=frbc.StorageDescription(
            fill_level_range=span(*levels),
            provides_leakage_behaviour=True,
            provides_fill_level_target_profile=True,
            provides_usage_forecast=True,
        ),
    )


# A battery of 20 kWh (fill level 0 to 1), 5 kW both ways, 95 % in and 92 % out.
CHARGE_RATE = 5 * 0.95 / 20 / 3600
DISCHARGE_RATE = 5 / 0.92 / 20 / 3600


def battery_modes() -> tuple[frbc.OperationMode, ...]:
    """Return idle, charging from half power on, and discharging from full power down to half."""
    return (
        mode("idle", element((0, 1), (0, 0), (0, 0))),
        mode("charge", element((0, 1), (CHARGE_RATE / 2, CHARGE_RATE), (2500, 5000))),
        mode("discharge", element((0, 1), (-DISCHARGE_RATE, -DISCHARGE_RATE / 2), (-5000, -2500))),
    )


def battery(
    transitions: Iterable[Transition] | None = None, timers: Iterable[Timer] = ()
) -> frbc.SystemDescription:
    """Return the description of the battery."""
    return storage_description(actuator("battery", battery_modes(), transitions, timers))


def storage_status(level: float) -> frbc.StorageStatus:
    """Return how full a storage is."""
    return frbc.StorageStatus(message_id="level", present_fill_level=level)


def actuator_status(actuator_id: str, mode_id: str, factor: float = 0.0) -> frbc.ActuatorStatus:
    """Return how an actuator runs."""
    return frbc.ActuatorStatus(
        message_id="status",
        actuator_id=actuator_id,
        active_operation_mode_id=mode_id,
        operation_mode_factor=factor,
    )


def operation_modes(
    modes: Iterable[tuple[str, float, float]],
    transitions: Iterable[Transition] | None = None,
    timers: Iterable[Timer] = (),
) -> ombc.SystemDescription:
    """Return the description of a device with modes of the given names and W."""
    modes = tuple(modes)
    ways = all_transitions(*(name for name, _, _ in modes)) if transitions is None else transitions
    return ombc.SystemDescription(
        message_id="description",
        valid_from=NOON,
        operation_modes=tuple(
            ombc.OperationMode(
                id=name, power_ranges=(power(low, high),), abnormal_condition_only=False
            )
            for name, low, high in modes
        ),
        transitions=tuple(ways),
        timers=tuple(timers),
    )


def supplying(
    mode_id: str,
    watts: tuple[float, float],
    supply: tuple[float, float],
    *,
    quantity: CommodityQuantity = L1,
    running_costs: float | None = None,
) -> ddbc.OperationMode:
    """Return a mode that supplies heat."""
    return ddbc.OperationMode(
        id=mode_id,
        power_ranges=(power(*watts, quantity),),
        supply_range=span(*supply),
        abnormal_condition_only=False,
        running_costs=None if running_costs is None else span(running_costs, running_costs),
    )


def revoke(object_type: RevokableObject, object_id: str) -> RevokeObject:
    """Return the message that takes an object back."""
    return RevokeObject(message_id="revoke", object_type=object_type, object_id=object_id)


def status_update(
    instruction_id: str, status: InstructionStatus, at: datetime = NOON
) -> InstructionStatusUpdate:
    """Return what a device says of an instruction."""
    return InstructionStatusUpdate(
        message_id="update", instruction_id=instruction_id, status_type=status, timestamp=at
    )


def schedule(
    *powers: float | None, start: datetime = NOON, resolution: timedelta = QUARTER
) -> Schedule:
    """Return a schedule in W, a quarter-hour per power."""
    return Schedule(
        start=start, resolution=resolution, powers=powers, computed_at=NOON, schedule_id="job"
    )


def plan(*powers: float | None, actuator_id: str = "battery") -> Plan:
    """Return the plan of one actuator, from noon on."""
    return Plan(schedules={actuator_id: schedule(*powers)})
