"""The messages of the devices that the standard's documentation explains itself with, oddities included.

An electric vehicle, a heat pump and solar panels (s2-documentation, "Examples"). All their messages have the same name,
or "string"; actuators, modes and transitions have short names, and some statuses name what nobody described.
"""

from custom_components.flexmeasures.s2.wire import JsonObject, JsonValue

from .samples import number_range, power_range

SUMMER = "2019-08-24T14:15:22Z"
THREE_PHASES = "ELECTRIC.POWER.3_PHASE_SYMMETRIC"
ONE_PHASE = "ELECTRIC.POWER.L1"


def said(message_type: str, **fields: JsonValue) -> JsonObject:
    """Return a message of the documentation: its name is a placeholder, the same for all."""
    return {"message_type": message_type, "message_id": "xxx", **fields}


def shaking_hands() -> JsonObject:
    """Return the first word of each device."""
    return said("Handshake", role="RM", supported_protocol_versions=["0.0.2-beta"])


def presenting(role: str, control_type: str, quantity: str, **fields: JsonValue) -> JsonObject:
    """Return what a device says of itself."""
    return said(
        "ResourceManagerDetails",
        resource_id="acme",
        name="Acme",
        roles=[{"role": role, "commodity": "ELECTRICITY"}],
        manufacturer="ACME",
        model="b100",
        serial_number="123",
        firmware_version="v1.0",
        available_control_types=[control_type],
        provides_power_measurement_types=[quantity],
        **fields,
    )


def running(
    name: str, label: str, levels: JsonValue, rate: JsonValue, power: JsonValue, **more: JsonValue
) -> JsonObject:
    """Return an operation mode of one element."""
    part: JsonObject = {
        "fill_level_range": levels,
        "fill_rate": rate,
        "power_ranges": [power],
        **more,
    }
    return {
        "id": name,
        "diagnostic_label": label,
        "elements": [part],
        "abnormal_condition_only": False,
    }


def changing(name: str, begin: str, end: str, **fields: JsonValue) -> JsonObject:
    """Return a transition."""
    change: JsonObject = {
        "id": name,
        "from": begin,
        "to": end,
        "start_timers": [],
        "blocking_timers": [],
        "abnormal_condition_only": False,
    }
    return change | fields


def vehicle_description() -> JsonObject:
    """Return a charger of 1.4 to 11 kW and a battery of 60 kWh that it fills."""
    levels, nothing = number_range(0, 100), number_range(0, 0)
    charging = number_range(0.00065, 0.0051)
    off = running("om1", "Off", levels, nothing, power_range(0, 0, THREE_PHASES))
    on = running("om2", "Charging", levels, charging, power_range(1400, 11000, THREE_PHASES))
    charger: JsonObject = {
        "id": "actuator1",
        "diagnostic_label": "EV charger",
        "supported_commodities": ["ELECTRICITY"],
        "operation_modes": [off, on],
        "transitions": [
            changing("transition1", "om1", "om2", transition_duration=3000),
            changing("transition2", "om2", "om1", transition_duration=3000),
        ],
        "timers": [],
    }
    return said(
        "FRBC.SystemDescription",
        valid_from=SUMMER,
        actuators=[charger],
        storage={
            "diagnostic_label": "Battery SoC",
            "fill_level_label": "EV Battery SoC",
            "provides_leakage_behaviour": False,
            "provides_fill_level_target_profile": True,
            "provides_usage_forecast": False,
            "fill_level_range": levels,
        },
    )


def heat_pump_description() -> JsonObject:
    """Return a heat pump of 500 to 2000 W and its buffer, with times in seconds where milliseconds belong."""
    levels, nothing = number_range(45, 55), number_range(0, 0)
    on = running(
        "om0",
        "running",
        levels,
        number_range(0.00209, 0.00835),
        power_range(500, 2000),
        running_costs=nothing,
    )
    off = running("om1", "Off", levels, nothing, power_range(0, 0), running_costs=nothing)
    free: JsonObject = {"transition_costs": 0, "transition_duration": 0}
    stopping: JsonObject = {"start_timers": ["timer0"], "blocking_timers": ["timer1"]}
    starting: JsonObject = {"start_timers": ["timer1"], "blocking_timers": ["timer0"]}
    pump: JsonObject = {
        "id": "actuator1",
        "diagnostic_label": "heat pump",
        "supported_commodities": ["ELECTRICITY"],
        "operation_modes": [on, off],
        "transitions": [
            changing("trans0", "om0", "om1", **stopping, **free),
            changing("trans1", "om1", "om0", **starting, **free),
        ],
        "timers": [
            {"id": "timer0", "diagnostic_label": "Minimum run time", "duration": 7200},
            {"id": "timer1", "diagnostic_label": "Minimum off time", "duration": 3600},
        ],
    }
    return said(
        "FRBC.SystemDescription",
        valid_from=SUMMER,
        actuators=[pump],
        storage={
            "diagnostic_label": "DHW Buffer",
            "fill_level_label": "temperature",
            "provides_leakage_behaviour": True,
            "provides_fill_level_target_profile": False,
            "provides_usage_forecast": True,
            "fill_level_range": levels,
        },
    )


def leakage() -> JsonObject:
    """Return what the buffer loses."""
    part: JsonObject = {"fill_level_range": number_range(45, 55), "leakage_rate": 0.00005}
    return said("FRBC.LeakageBehaviour", valid_from=SUMMER, elements=[part])


def usage() -> JsonObject:
    """Return a forecast of nothing, for no time at all."""
    part: JsonObject = {
        f"usage_rate_{word}": 0
        for word in (
            *("upper_limit", "upper_95PPR", "upper_68PPR", "expected"),
            *("lower_68PPR", "lower_95PPR", "lower_limit"),
        )
    }
    return said("FRBC.UsageForecast", start_time=SUMMER, elements=[{"duration": 0, **part}])


def measuring(value: float, quantity: str = ONE_PHASE) -> JsonObject:
    """Return a measurement."""
    values: list[JsonValue] = [{"commodity_quantity": quantity, "value": value}]
    return said("PowerMeasurement", measurement_timestamp=SUMMER, values=values)


def actuator_running(actuator: str, mode: str, before: str) -> JsonObject:
    """Return how an actuator runs."""
    return said(
        "FRBC.ActuatorStatus",
        actuator_id=actuator,
        active_operation_mode_id=mode,
        operation_mode_factor=0,
        previous_operation_mode_id=before,
        transition_timestamp=SUMMER,
    )


def filled(level: float) -> JsonObject:
    """Return how full the storage is."""
    return said("FRBC.StorageStatus", present_fill_level=level) | {"message_id": "string"}


def timer(actuator: str) -> JsonObject:
    """Return when a timer ends."""
    return said(
        "FRBC.TimerStatus",
        timer_id="timer0",
        actuator_id=actuator,
        finished_at="2019-08-24T14:15:22Z",
    )


def progress(instruction_id: str, status: str) -> JsonObject:
    """Return how far the device is with an instruction."""
    return said(
        "InstructionStatusUpdate",
        instruction_id=instruction_id,
        status_type=status,
        timestamp=SUMMER,
    )


def leaving(request: str, label: str) -> JsonObject:
    """Return the last word."""
    return said("SessionRequest", request=request, diagnostic_label=label)


def power_constraints() -> JsonObject:
    """Return panels of 4 kW that can be curtailed at will."""
    limits: list[JsonValue] = [
        {
            "commodity_quantity": ONE_PHASE,
            "limit_type": kind,
            "range_boundary": number_range(low, 0),
            "abnormal_condition_only": False,
        }
        for kind, low in (("LOWER_LIMIT", -4000), ("UPPER_LIMIT", 0))
    ]
    return said(
        "PEBC.PowerConstraints",
        id="powerConstraint1",
        valid_from="2024-08-24T14:15:22Z",
        valid_until="2024-08-25T14:15:22Z",
        consequence_type="VANISH",
        allowed_limit_ranges=limits,
    )


def energy_constraint() -> JsonObject:
    """Return how much energy there is to be, which makes no sense for panels."""
    return said(
        "PEBC.EnergyConstraint",
        id="energyconstraint1",
        valid_from="2024-12-24T14:15:22Z",
        valid_until="2024-12-25T14:15:22Z",
        upper_average_power=3000,
        lower_average_power=1000,
        commodity_quantity=ONE_PHASE,
    )


def power_forecast() -> JsonObject:
    """Return a forecast of production, whose "upper" values are those of more production."""
    value: JsonObject = {
        "value_upper_limit": -3500.0,
        "value_upper_95PPR": -3460.0,
        "value_upper_68PPR": -3455.0,
        "value_expected": -3450.1,
        "value_lower_68PPR": -3445.0,
        "value_lower_95PPR": -3440.0,
        "value_lower_limit": -3400.0,
        "commodity_quantity": ONE_PHASE,
    }
    part: JsonObject = {"duration": 3_600_000, "power_values": [value]}
    return said("PowerForecast", start_time="2024-08-24T14:00:00Z", elements=[part])


VEHICLE = presenting(
    "ENERGY_CONSUMER",
    "FILL_RATE_BASED_CONTROL",
    THREE_PHASES,
    instruction_processing_delay=3000,
    provides_forecast=False,
)
HEAT_PUMP = presenting(
    "ENERGY_CONSUMER",
    "FILL_RATE_BASED_CONTROL",
    ONE_PHASE,
    instruction_processing_delay=10000,
    provides_forecast=False,
)
PANELS = presenting(
    "ENERGY_PRODUCER",
    "POWER_ENVELOPE_BASED_CONTROL",
    ONE_PHASE,
    instruction_processing_delay=5000,
    provides_forecast=True,
)
