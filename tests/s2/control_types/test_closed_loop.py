"""Simulated devices on the wire, a session and a control: what is planned is what happens."""

from datetime import datetime, timedelta
import json

import pytest
from s2python.s2_parser import S2Parser

from custom_components.flexmeasures.s2 import (
    ControlTypeActivated,
    InstructionAnswered,
    Output,
    Session,
    load,
)
from custom_components.flexmeasures.s2.control_types import (
    ControlOptions,
    DemandDrivenControl,
    DeviceControl,
    FillRateControl,
    Grid,
    NoControl,
    OperationModeControl,
    Plan,
    PowerEnvelopeControl,
    PowerProfileControl,
    Sensors,
    SeriesKind,
    control_for,
)
from custom_components.flexmeasures.s2.messages.components import ControlType, Message
from custom_components.flexmeasures.s2.messages.session import ReceptionStatusValue
from demo.resource_managers.battery import Battery
from demo.resource_managers.boiler import Boiler
from demo.resource_managers.panels import Panels, sunshine
from demo.resource_managers.resource_manager import ResourceManager, identifier

from .samples import MINUTE, NOON, QUARTER, ids, schedule

BATTERY = identifier("battery inverter")


@pytest.mark.parametrize(
    ("control_type", "kind"),
    [
        (ControlType.FILL_RATE_BASED_CONTROL, FillRateControl),
        (ControlType.OPERATION_MODE_BASED_CONTROL, OperationModeControl),
        (ControlType.POWER_ENVELOPE_BASED_CONTROL, PowerEnvelopeControl),
        (ControlType.POWER_PROFILE_BASED_CONTROL, PowerProfileControl),
        (ControlType.DEMAND_DRIVEN_BASED_CONTROL, DemandDrivenControl),
        (ControlType.NOT_CONTROLABLE, NoControl),
        (ControlType.NO_SELECTION, NoControl),
    ],
)
def test_every_control_type_has_its_control(
    control_type: ControlType, kind: type[DeviceControl]
) -> None:
    control = control_for(control_type, ControlOptions())

    assert isinstance(control, kind)
    assert control.instructions(NOON, Plan(overrides={"": 1000.0}), ids()) == ()
    assert control.deactivate() == ()


class Loop:
    """A simulated device, the session that speaks to it, and the control that decides for it.

    Attributes:
        said: every text of the device.
    """

    def __init__(self, device: ResourceManager) -> None:
        self.device = device
        self.now = NOON
        self.said: list[str] = []
        self.control: DeviceControl = NoControl()
        names = ids("cem-")
        self.new_id = lambda: identifier(names())
        self._session = Session(load(), NOON, new_identifier=self.new_id)
        self._deliver([device.greet()])

    def follow(self, plan: Plan, until: datetime) -> None:
        """Decide and let the device run on, minute by minute."""
        while self.now < until:
            for instruction in self.control.instructions(self.now, plan, self.new_id):
                self.control.sent(instruction, self.now)
                self._take(self._session.send_instruction(instruction, self.now))
            self.now += MINUTE
            self._deliver(self.device.advance(self.now))

    def _deliver(self, texts: list[str]) -> None:
        for text in texts:
            self.said.append(text)
            self._take(self._session.receive(text, self.now))

    def _take(self, output: Output) -> None:
        for event in output.events:
            match event:
                case ControlTypeActivated():
                    self.control = control_for(event.control_type, ControlOptions())
                case InstructionAnswered(status=status) if status is not ReceptionStatusValue.OK:
                    pytest.fail(f"{event}")
                case Message():
                    self.control.receive(event, self.now)
        for text in output.texts:
            self._deliver(self.device.hear(text, self.now))


def test_a_battery_follows_its_plan() -> None:
    battery = Battery(NOON, stored=0.5)
    loop = Loop(battery)
    hour = Plan(schedules={BATTERY: schedule(4000, 4000, -3000, 0)})
    loop.follow(hour, NOON + 4 * QUARTER)

    # 2 kWh in at 96 % and 0.75 kWh out at 94 %, of 10 kWh.
    assert battery.stored == pytest.approx(0.5 + 0.2 * 0.96 - 0.075 / 0.94)
    assert battery.power == 0
    assert isinstance(loop.control, FillRateControl)
    assert loop.control.fill_level(loop.now) == pytest.approx(battery.stored)


def test_a_full_battery_takes_no_more() -> None:
    battery = Battery(NOON, stored=0.97)
    loop = Loop(battery)
    loop.follow(Plan(schedules={BATTERY: schedule(5000, 5000)}), NOON + 2 * QUARTER)

    assert battery.stored == pytest.approx(1, abs=0.005)


def test_a_battery_s_flex_model_is_what_it_is() -> None:
    loop = Loop(Battery(NOON))
    (entry,) = loop.control.contribution(
        Sensors(power={BATTERY: 1}), Grid(NOON, QUARTER, 96), NOON
    ).flex_models

    # The root of 10 / 0.96 (in) and 10 * 0.94 (out), which is all that its rates tell.
    assert float(str(entry["soc-max"]).split()[0]) == pytest.approx(10 * (0.94 / 0.96) ** 0.5)
    assert entry["operation-modes"] == [
        {"production-range": ["500 W", "5000 W"]},
        {"consumption-range": ["0 W", "0 W"]},
        {"consumption-range": ["500 W", "5000 W"]},
    ]


def test_a_boiler_follows_its_plan_until_its_thermostat_ends_it() -> None:
    boiler = Boiler(NOON, temperature=60)
    loop = Loop(boiler)
    loop.follow(Plan(schedules={"": schedule(1100, 1900)}), NOON + QUARTER)
    # 1000 W in and 333 W out for a quarter-hour in 418.6 kJ a degree.
    assert boiler.temperature == pytest.approx(60 + (1000 - 8000 / 24) * 900 / 418_600)

    loop.follow(Plan(overrides={"": 2000}), NOON + timedelta(hours=2))
    assert boiler.temperature == pytest.approx(75, abs=0.3)


def test_panels_stay_within_their_envelope_and_are_free_afterwards() -> None:
    panels = Panels(NOON)
    loop = Loop(panels)
    loop.follow(Plan(schedules={"": schedule(-1000, -4000)}), NOON + 10 * MINUTE)
    assert panels.power == -1000

    loop.follow(Plan(schedules={"": schedule(-1000, -4000)}), NOON + 20 * MINUTE)
    assert panels.power == pytest.approx(-sunshine(loop.now))
    (entry,) = loop.control.contribution(
        Sensors(power={"": 1}, series={SeriesKind.PRODUCTION_FORECAST: 2}),
        Grid(NOON, QUARTER, 4),
        NOON,
    ).flex_models
    assert entry["production-capacity"] == {"sensor": 2}


@pytest.mark.parametrize("kind", [Battery, Boiler, Panels])
def test_what_simulated_devices_say_is_what_the_standard_s_own_library_accepts(
    kind: type[ResourceManager],
) -> None:
    loop = Loop(kind(NOON))
    loop.follow(Plan(overrides={"": -1000.0, BATTERY: 3000.0}), NOON + 2 * MINUTE)
    parser = S2Parser()

    assert len(loop.said) > 6
    for text in loop.said:
        parser.parse_as_any_message(text)


@pytest.mark.parametrize("kind", [Battery, Boiler, Panels])
def test_simulated_devices_reject_what_they_do_not_know(kind: type[ResourceManager]) -> None:
    device = kind(NOON)
    device.hear(
        json.dumps(
            {
                "message_type": "SelectControlType",
                "message_id": "a",
                "control_type": device.control_type,
            }
        ),
        NOON,
    )
    said = device.hear(
        json.dumps(
            {
                "message_type": "Any.Instruction",
                "message_id": "b",
                "id": "b",
                "actuator_id": "unknown",
                "operation_mode": "unknown",
                "operation_mode_id": "unknown",
                "power_constraints_id": "unknown",
            }
        ),
        NOON,
    )

    assert json.loads(said[1])["status_type"] == "REJECTED"


def test_nights_have_no_sun() -> None:
    assert sunshine(NOON - timedelta(hours=6)) == 0
    assert sunshine(NOON + timedelta(hours=1)) == pytest.approx(4000)
