"""A simulated device on the wire, the session that speaks to it, and the control that decides for it."""

from datetime import datetime

import pytest

from custom_components.flexmeasures.s2 import (
    ControlTypeActivated,
    InstructionAnswered,
    Output,
    Session,
    load,
)
from custom_components.flexmeasures.s2.control_types import (
    ControlOptions,
    DeviceControl,
    NoControl,
    Plan,
    control_for,
)
from custom_components.flexmeasures.s2.messages.components import ControlType, Message
from custom_components.flexmeasures.s2.messages.session import ReceptionStatusValue
from demo.resource_managers.resource_manager import ResourceManager, identifier

from ..s2.control_types.samples import MINUTE, NOON, ids


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

    def let_go(self) -> None:
        """Ask the device to follow nothing."""
        self._take(self._session.select_control_type(ControlType.NO_SELECTION, self.now))

    def revoke(self, *identifiers: str) -> None:
        """Take instructions back."""
        for instruction_id in identifiers:
            self._take(self._session.revoke_instruction(instruction_id, self.now))

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
