"""A device at the other end of a session: it says what a test tells it to, and keeps what it hears."""

from datetime import UTC, datetime, timedelta
from itertools import count
import json
from typing import Any

from custom_components.flexmeasures.s2.codec import load
from custom_components.flexmeasures.s2.events import Event, Output
from custom_components.flexmeasures.s2.messages import frbc
from custom_components.flexmeasures.s2.options import SessionOptions
from custom_components.flexmeasures.s2.session import Session
from custom_components.flexmeasures.s2.wire import JsonObject

from .samples import answer, details, fill_rate_description, handshake

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Device:
    """Holds a session and time; what the session says is kept as JSON objects.

    Attributes:
        heard: what came with the last step.
        events: what the session told with the last step.
    """

    def __init__(self, options: SessionOptions | None = None) -> None:
        self.now = NOW
        names = count(1)
        self.session = Session(
            load(), NOW, options=options, new_identifier=lambda: f"cem-{next(names)}"
        )
        self.heard: list[dict[str, Any]] = []
        self.events: tuple[Event, ...] = ()

    def takes(self, output: Output) -> list[dict[str, Any]]:
        """Keep what the session says."""
        self.heard = [json.loads(text) for text in output.texts]
        self.events = output.events
        return self.heard

    def says(self, *messages: JsonObject | str | bytes) -> str:
        """Send messages; return the status that answers the last one, empty when nothing does."""
        for message in messages:
            text = message if isinstance(message, str | bytes) else json.dumps(message)
            self.takes(self.session.receive(text, self.now))
        answers = [heard for heard in self.heard if heard["message_type"] == "ReceptionStatus"]
        assert len(answers) <= 1
        assert answers == self.heard[: len(answers)]
        return answers[0]["status"] if answers else ""

    def waits(self, time: timedelta) -> list[dict[str, Any]]:
        """Let time pass and the session do what is due."""
        self.now += time
        return self.takes(self.session.tick(self.now))

    def last(self, message_type: str) -> str:
        """Return the name of the message of this type that was heard with the last step."""
        names = [
            heard["message_id"] for heard in self.heard if heard["message_type"] == message_type
        ]
        assert len(names) == 1
        return str(names[0])

    def answers_all(self, status: str = "OK") -> None:
        """Answer everything that was heard with the last step."""
        for heard in self.heard:
            if "message_id" in heard:
                self.says(answer(heard["message_id"], status))

    @property
    def kinds(self) -> list[str]:
        """What was heard with the last step."""
        return [heard["message_type"] for heard in self.heard]


def identified(*control_types: str, options: SessionOptions | None = None) -> Device:
    """Return a device that has said who it is."""
    device = Device(options)
    device.says(handshake())
    device.answers_all()
    assert device.says(details(*control_types)) == "OK"
    return device


def active(*control_types: str, options: SessionOptions | None = None) -> Device:
    """Return a device that follows the control type it is asked to follow."""
    device = identified(*control_types, options=options)
    device.says(answer(device.last("SelectControlType")))
    return device


def described(options: SessionOptions | None = None) -> Device:
    """Return a battery that has described itself."""
    device = active(options=options)
    assert device.says(fill_rate_description()) == "OK"
    return device


def instruction(
    name: str = "instruction-1",
    *,
    actuator: str = "inverter",
    mode: str = "charge",
    factor: float = 0.5,
    at: datetime = NOW,
    abnormal: bool = False,
) -> frbc.Instruction:
    """Return an instruction that such a battery can follow."""
    return frbc.Instruction(
        id=name,
        execution_time=at,
        actuator_id=actuator,
        operation_mode_id=mode,
        operation_mode_factor=factor,
        abnormal_condition=abnormal,
    )
