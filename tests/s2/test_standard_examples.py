"""The devices that the standard's documentation explains itself with: what they say there is accepted."""

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
from custom_components.flexmeasures.s2.wire import JsonObject

from .devices import NOW, Device, instruction
from .standard_examples import (
    HEAT_PUMP,
    PANELS,
    THREE_PHASES,
    VEHICLE,
    actuator_running,
    energy_constraint,
    filled,
    heat_pump_description,
    leakage,
    leaving,
    measuring,
    power_constraints,
    power_forecast,
    progress,
    shaking_hands,
    timer,
    usage,
    vehicle_description,
)

QUARTER = timedelta(minutes=15)


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
