"""Messages of devices, as they stand on the wire; identifiers are words, as many devices write them."""

from itertools import count

from custom_components.flexmeasures.s2.wire import JsonObject, JsonValue

VALID_FROM = "2026-11-22T06:00:00Z"
LATER = "2026-11-22T12:00:00Z"
_NUMBERS = count(1)


def message(message_type: str, **fields: JsonValue) -> JsonObject:
    """Return a message with a name of its own."""
    return {"message_type": message_type, "message_id": f"message-{next(_NUMBERS)}", **fields}


def handshake(*versions: str) -> JsonObject:
    return message(
        "Handshake", role="RM", supported_protocol_versions=[*(versions or ["0.0.2-beta"])]
    )


def details(*control_types: str, resource_id: str = "battery-1") -> JsonObject:
    return message(
        "ResourceManagerDetails",
        resource_id=resource_id,
        name="Battery",
        roles=[{"role": "ENERGY_STORAGE", "commodity": "ELECTRICITY"}],
        instruction_processing_delay=1500,
        available_control_types=[
            *(control_types or ["FILL_RATE_BASED_CONTROL", "NOT_CONTROLABLE"])
        ],
        provides_forecast=False,
        provides_power_measurement_types=["ELECTRIC.POWER.3_PHASE_SYMMETRIC"],
    )


def answer(subject: str, status: str = "OK") -> JsonObject:
    return {"message_type": "ReceptionStatus", "subject_message_id": subject, "status": status}


def number_range(start: float, end: float) -> JsonObject:
    return {"start_of_range": start, "end_of_range": end}


def power_range(start: float, end: float, quantity: str = "ELECTRIC.POWER.L1") -> JsonObject:
    return {**number_range(start, end), "commodity_quantity": quantity}


def transition(name: str, start: str, end: str, **fields: JsonValue) -> JsonObject:
    return {
        "id": name,
        "from": start,
        "to": end,
        "start_timers": [],
        "blocking_timers": [],
        "abnormal_condition_only": False,
        **fields,
    }


def element(low: float, high: float, rate: JsonObject, *powers: JsonObject) -> JsonObject:
    return {
        "fill_level_range": number_range(low, high),
        "fill_rate": rate,
        "power_ranges": [*powers],
    }


def fill_rate_mode(name: str, *elements: JsonValue, abnormal: bool = False) -> JsonObject:
    return {"id": name, "elements": [*elements], "abnormal_condition_only": abnormal}


IDLE = fill_rate_mode("idle", element(0, 100, number_range(0, 0), power_range(0, 0)))
CHARGE = fill_rate_mode(
    "charge",
    element(0, 80, number_range(0, 0.02), power_range(0, 5000)),
    element(80, 100, number_range(0, 0.01), power_range(0, 2500)),
)
BOOST = fill_rate_mode(
    "boost", element(0, 100, number_range(0, 0.04), power_range(0, 9000)), abnormal=True
)


def actuator(name: str = "inverter", **fields: JsonValue) -> JsonObject:
    return {
        "id": name,
        "supported_commodities": ["ELECTRICITY"],
        "operation_modes": [IDLE, CHARGE, BOOST],
        "transitions": [
            transition("up", "idle", "charge", blocking_timers=["rest"], transition_duration=2000),
            transition("down", "charge", "idle", start_timers=["rest"]),
        ],
        "timers": [{"id": "rest", "duration": 60_000}],
        **fields,
    }


def fill_rate_description(
    *actuators: JsonValue, valid_from: str = VALID_FROM, **fields: JsonValue
) -> JsonObject:
    return message(
        "FRBC.SystemDescription",
        valid_from=valid_from,
        actuators=[*(actuators or [actuator()])],
        storage={
            "fill_level_label": "%",
            "provides_leakage_behaviour": False,
            "provides_fill_level_target_profile": False,
            "provides_usage_forecast": False,
            "fill_level_range": number_range(0, 100),
        },
        **fields,
    )


def storage_status(level: JsonValue = 40.0) -> JsonObject:
    return message("FRBC.StorageStatus", present_fill_level=level)


def actuator_status(
    mode: str = "idle", *, factor: JsonValue = 0.0, actuator: str = "inverter"
) -> JsonObject:
    return message(
        "FRBC.ActuatorStatus",
        actuator_id=actuator,
        active_operation_mode_id=mode,
        operation_mode_factor=factor,
    )


def timer_status(timer: str = "rest", *, actuator: str = "inverter") -> JsonObject:
    return message("FRBC.TimerStatus", timer_id=timer, actuator_id=actuator, finished_at=LATER)


def leakage(*bands: tuple[float, float]) -> JsonObject:
    return message(
        "FRBC.LeakageBehaviour",
        valid_from=VALID_FROM,
        elements=[
            {"fill_level_range": number_range(low, high), "leakage_rate": 0.001}
            for low, high in bands or [(0, 100)]
        ],
    )


def usage_forecast() -> JsonObject:
    element: JsonObject = {
        "duration": 900_000,
        "usage_rate_expected": 0.002,
        "usage_rate_upper_95PPR": 0.004,
    }
    return message("FRBC.UsageForecast", start_time=VALID_FROM, elements=[element])


def target_profile() -> JsonObject:
    element: JsonObject = {"duration": 900_000, "fill_level_range": number_range(60, 20)}
    return message("FRBC.FillLevelTargetProfile", start_time=VALID_FROM, elements=[element])


def operation_mode_description(**fields: JsonValue) -> JsonObject:
    modes: list[JsonValue] = [
        {"id": name, "power_ranges": [power_range(0, watts)], "abnormal_condition_only": False}
        for name, watts in (("off", 0.0), ("on", 2000.0))
    ]
    content: JsonObject = {
        "valid_from": VALID_FROM,
        "operation_modes": modes,
        "transitions": [transition("start", "off", "on", blocking_timers=["minimum-off"])],
        "timers": [{"id": "minimum-off", "duration": 300_000}],
    }
    return message("OMBC.SystemDescription", **content | fields)


def limit(kind: str, start: float, end: float, **fields: JsonValue) -> JsonObject:
    return {
        "commodity_quantity": "ELECTRIC.POWER.L1",
        "limit_type": kind,
        "range_boundary": number_range(start, end),
        "abnormal_condition_only": False,
        **fields,
    }


def power_constraints(name: str = "constraints", **fields: JsonValue) -> JsonObject:
    content: JsonObject = {
        "id": name,
        "valid_from": VALID_FROM,
        "consequence_type": "VANISH",
        "allowed_limit_ranges": [limit("UPPER_LIMIT", 0, 0), limit("LOWER_LIMIT", 0, -2000)],
    }
    return message("PEBC.PowerConstraints", **content | fields)


def energy_constraint(**fields: JsonValue) -> JsonObject:
    content: JsonObject = {
        "id": "energy",
        "valid_from": VALID_FROM,
        "valid_until": LATER,
        "upper_average_power": 1000,
        "lower_average_power": 500,
        "commodity_quantity": "ELECTRIC.POWER.L1",
    }
    return message("PEBC.EnergyConstraint", **content | fields)


def sequence(name: str, **fields: JsonValue) -> JsonObject:
    value: JsonObject = {"commodity_quantity": "ELECTRIC.POWER.L1", "value_expected": 2000}
    return {
        "id": name,
        "elements": [{"duration": 3_600_000, "power_values": [value]}],
        "is_interruptible": False,
        "abnormal_condition_only": False,
        **fields,
    }


def container(*sequences: str, name: str = "wash", **fields: JsonValue) -> JsonObject:
    return {"id": name, "power_sequences": [sequence(one, **fields) for one in sequences]}


def power_profile(name: str = "eco", *containers: JsonValue, **fields: JsonValue) -> JsonObject:
    content: JsonObject = {
        "id": name,
        "start_time": VALID_FROM,
        "end_time": LATER,
        "power_sequences_containers": [*(containers or [container("hot", "warm")])],
    }
    return message("PPBC.PowerProfileDefinition", **content | fields)


def profile_status(
    sequence: str = "hot", *, container: str = "wash", profile: str = "eco"
) -> JsonObject:
    status: JsonObject = {
        "power_profile_id": profile,
        "sequence_container_id": container,
        "selected_sequence_id": sequence,
        "progress": 1500,
        "status": "EXECUTING",
    }
    return message("PPBC.PowerProfileStatus", sequence_container_status=[status])


def demand_driven_description(*actuators: str, **fields: JsonValue) -> JsonObject:
    mode: JsonObject = {
        "Id": "heat",
        "power_ranges": [power_range(0, 2000)],
        "supply_range": number_range(0, 6),
        "abnormal_condition_only": False,
    }
    pump: JsonObject = {
        "supported_commodites": ["ELECTRICITY"],
        "operation_modes": [mode],
        "transitions": [],
        "timers": [{"id": "rest", "duration": 1000}],
    }
    content: JsonObject = {
        "valid_from": VALID_FROM,
        "actuators": [{**pump, "id": name} for name in actuators or ("pump",)],
        "present_demand_rate": number_range(3, 3),
        "provides_average_demand_rate_forecast": True,
    }
    return message("DDBC.SystemDescription", **content | fields)


def power_measurement(
    *watts: float, quantities: tuple[str, ...] = ("3_PHASE_SYMMETRIC",)
) -> JsonObject:
    values: list[JsonValue] = [
        {"commodity_quantity": f"ELECTRIC.POWER.{quantity}", "value": value}
        for quantity, value in zip(quantities, watts, strict=True)
    ]
    return message(
        "PowerMeasurement", measurement_timestamp="2026-11-22T08:00:00+02:00", values=values
    )


def power_forecast() -> JsonObject:
    value: JsonObject = {
        "commodity_quantity": "ELECTRIC.POWER.L1",
        "value_expected": -1500,
        "value_upper_68PPR": -1000,
    }
    element: JsonObject = {"duration": 3_600_000, "power_values": [value]}
    return message("PowerForecast", start_time=VALID_FROM, elements=[element])


def revoke(object_type: str, object_id: JsonValue) -> JsonObject:
    return message("RevokeObject", object_type=object_type, object_id=object_id)


def status_update(instruction: str, status: str = "SUCCEEDED") -> JsonObject:
    return message(
        "InstructionStatusUpdate",
        instruction_id=instruction,
        status_type=status,
        timestamp=VALID_FROM,
    )
