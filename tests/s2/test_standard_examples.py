"""The devices that the standard's documentation explains itself with: what they say there is accepted, oddities included.

An electric vehicle, a heat pump and solar panels (s2-documentation, "Examples"). All their messages have the same name,
or "string"; actuators, modes and transitions have short names, and some statuses name what nobody described.
"""

from datetime import timedelta
import json

import pytest

from custom_components.flexmeasures.s2.codec import load
from custom_components.flexmeasures.s2.control_types import (
    ControlOptions,
    Grid,
    Sensors,
    SeriesKind,
    control_for,
)
from custom_components.flexmeasures.s2.events import Closed, CloseReason
from custom_components.flexmeasures.s2.messages import frbc, pebc
from custom_components.flexmeasures.s2.messages.components import (
    CommodityQuantity,
    ControlType,
    Message,
)
from custom_components.flexmeasures.s2.messages.session import (
    InstructionStatus,
    InstructionStatusUpdate,
    PowerForecast,
    ResourceManagerDetails,
)
from custom_components.flexmeasures.s2.options import SessionState
from custom_components.flexmeasures.s2.wire import JsonObject, JsonValue

from .devices import NOW, Device, instruction
from .samples import number_range, power_range

SUMMER = "2019-08-24T14:15:22Z"
QUARTER = timedelta(minutes=15)
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


@pytest.mark.parametrize(
    "message",
    [
        shaking_hands(),
        VEHICLE,
        vehicle_description(),
        measuring(10963, THREE_PHASES),
        actuator_running("actuator1", "string", "string"),
        filled(0),
        progress("instruction1", "NEW"),
        leaving("RECONNECT", "string"),
        HEAT_PUMP,
        heat_pump_description(),
        leakage(),
        measuring(0),
        actuator_running("actuator0", "om0", "om1"),
        filled(52),
        timer("actuator"),
        usage(),
        progress("string", "NEW"),
        leaving("TERMINATE", "string"),
        PANELS,
        power_constraints(),
        energy_constraint(),
        measuring(3450.6),
        power_forecast(),
        progress("envelope1", "SUCCEEDED"),
        leaving("TERMINATE", "PV Inverter resource manager shutdown"),
    ],
    ids=lambda message: message["message_type"],
)
def test_every_example_message_is_read(message: JsonObject) -> None:
    read = load().read(json.dumps(message))

    assert isinstance(read, Message), read
    assert read.message_type == message["message_type"]
    assert read.message_id == message["message_id"]


def following(details: JsonObject) -> Device:
    """Return a device that has shaken hands, said who it is, and follows what it is asked to."""
    device = Device()
    assert device.says(shaking_hands()) == "OK"
    device.answers_all()
    assert device.says(details) == "OK"
    device.answers_all()
    assert device.session.state is SessionState.ACTIVE
    return device


def test_the_examples_vehicle_is_understood_told_and_let_go() -> None:
    device = following(VEHICLE)
    details = device.session.details
    assert isinstance(details, ResourceManagerDetails)
    assert details.instruction_processing_delay == timedelta(seconds=3)

    assert device.says(vehicle_description()) == "OK"
    (description,) = device.events
    assert isinstance(description, frbc.SystemDescription)
    charging = description.actuators[0].operation_modes[1].elements[0]
    assert (charging.power_ranges[0].at(1), charging.fill_rate.at(1)) == (11000, 0.0051)
    assert device.says(measuring(10963, THREE_PHASES)) == "OK"
    assert device.says(filled(0)) == "OK"
    # It names a mode that was never described.
    assert device.says(actuator_running("actuator1", "string", "string")) == "INVALID_CONTENT"
    assert device.says(actuator_running("actuator1", "om1", "om2")) == "OK"

    told = instruction("instruction1", actuator="actuator1", mode="om1", factor=1)
    (sent,) = device.takes(device.session.send_instruction(told, NOW))
    assert (sent["actuator_id"], sent["operation_mode"]) == ("actuator1", "om1")
    assert device.says(progress("instruction1", "NEW")) == "OK"
    assert device.says(leaving("RECONNECT", "string")) == "OK"
    assert device.events == (Closed(reason=CloseReason.DEVICE_RECONNECTS),)


def test_the_examples_heat_pump_is_understood_and_planned() -> None:
    device = following(HEAT_PUMP)
    control = control_for(ControlType.FILL_RATE_BASED_CONTROL, ControlOptions())
    words = [
        heat_pump_description(),
        leakage(),
        measuring(0),
        actuator_running("actuator1", "om0", "om1"),
        filled(52),
        timer("actuator1"),
        usage(),
    ]
    for word in words:
        assert device.says(word) == "OK", word
        for event in device.events:
            assert isinstance(event, Message)
            control.receive(event, NOW)
    # The actuator is called otherwise where its status is explained, and the instruction "string".
    assert device.says(actuator_running("actuator0", "om0", "om1")) == "INVALID_CONTENT"
    assert device.says(timer("actuator")) == "INVALID_CONTENT"
    assert device.says(progress("string", "NEW")) == "INVALID_CONTENT"

    sensors = Sensors(power={"actuator1": 1}, series={SeriesKind.USAGE_FORECAST: 2})
    found = control.contribution(sensors, Grid(NOW, QUARTER, 4), NOW)

    # 52 °C are 7 above the coldest; 2000 W at 0.00835 °C a second are 0.06653 kWh for each.
    (model,) = found.flex_models
    assert float(str(model["soc-at-start"]).removesuffix(" kWh")) == pytest.approx(
        7 * 0.06653, rel=1e-3
    )
    usages = model["soc-usage"]
    assert isinstance(usages, list)
    lost = usages[-1]
    assert float(str(lost).removesuffix(" kW")) == pytest.approx(5e-5 * 3600 * 0.06653, rel=1e-3)
    assert model["operation-modes"] == [
        {"consumption-range": ["0 W", "0 W"]},
        {"consumption-range": ["500 W", "2000 W"]},
    ]
    assert device.says(leaving("TERMINATE", "string")) == "OK"
    assert device.events == (Closed(reason=CloseReason.DEVICE_TERMINATED),)


def test_the_examples_panels_are_understood_and_curtailed() -> None:
    device = following(PANELS)
    for word in (energy_constraint(), power_constraints(), measuring(3450.6)):
        assert device.says(word) == "OK", word
    assert device.says(power_forecast()) == "OK"
    (forecast,) = device.events
    assert isinstance(forecast, PowerForecast)
    (value,) = forecast.elements[0].power_values
    assert (value.expected, value.upper_limit, value.lower_limit) == (-3450.1, -3500, -3400)

    part = pebc.PowerEnvelopeElement(duration=timedelta(hours=1), upper_limit=0, lower_limit=-2000)
    envelope = pebc.PowerEnvelope(
        id="pe_xxx",
        commodity_quantity=CommodityQuantity.ELECTRIC_POWER_L1,
        power_envelope_elements=(part,),
    )
    curtailing = pebc.Instruction(
        id="envelope1",
        execution_time=NOW,
        power_constraints_id="powerConstraint1",
        power_envelopes=(envelope,),
    )
    (sent,) = device.takes(device.session.send_instruction(curtailing, NOW))
    assert sent["power_envelopes"][0]["power_envelope_elements"] == [
        {"duration": 3_600_000, "upper_limit": 0, "lower_limit": -2000}
    ]
    assert device.says(progress("envelope1", "SUCCEEDED")) == "OK"
    (update,) = device.events
    assert isinstance(update, InstructionStatusUpdate)
    assert update.status_type is InstructionStatus.SUCCEEDED
