"""The side of a device in an S2 session: texts in, texts out, time passed in."""

from abc import ABC, abstractmethod
from datetime import datetime
import json
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, uuid4, uuid5

type Message = dict[str, Any]


def identifier(name: str) -> str:
    """Return the same UUID for the same name."""
    return str(uuid5(NAMESPACE_URL, f"simulated:{name}"))


def message(message_type: str, **fields: Any) -> Message:
    """Return a message with a fresh name."""
    return {"message_type": message_type, "message_id": str(uuid4()), **fields}


def number_range(start: float, end: float) -> Message:
    """Return a range of numbers."""
    return {"start_of_range": start, "end_of_range": end}


def power_range(start: float, end: float) -> Message:
    """Return a range of power in W on one phase."""
    return {"commodity_quantity": "ELECTRIC.POWER.L1", **number_range(start, end)}


def transitions(*mode_ids: str) -> list[Message]:
    """Return the transitions from every mode to every other one."""
    return [
        {
            "id": identifier(f"{one} to {other}"),
            "from": one,
            "to": other,
            "start_timers": [],
            "blocking_timers": [],
            "abnormal_condition_only": False,
        }
        for one in mode_ids
        for other in mode_ids
        if one != other
    ]


class ResourceManager(ABC):
    """A device that speaks S2; its physics move only when time is passed in.

    Attributes:
        power: W at its grid connection, consumption positive.
        identified: whether the energy manager has been told who this is; nothing else may be said before.
    """

    name: ClassVar[str]
    control_type: ClassVar[str]
    role: ClassVar[str]

    def __init__(self, now: datetime) -> None:
        """Begin at a time."""
        self.power = 0.0
        self.identified = False
        self._now = now
        self._active = False

    @property
    def situation(self) -> object:
        """Return on what its descriptions depend: it describes itself anew when that is another."""
        return None

    @abstractmethod
    def descriptions(self, now: datetime) -> list[Message]:
        """Return what the energy manager has to know first."""

    @abstractmethod
    def statuses(self) -> list[Message]:
        """Return how the device is."""

    @abstractmethod
    def follow(self, instruction: Message) -> bool:
        """Do what an instruction says; tell whether it can be done."""

    @abstractmethod
    def move(self, seconds: float) -> None:
        """Let the device run on for a time."""

    @abstractmethod
    def release(self) -> None:
        """Run as it does without an energy manager."""

    def withdraw(self, instruction_id: str) -> bool:
        """Forget an instruction; tell whether it had not been carried out yet, as most are at once."""
        return False

    def has_begun(self, instruction: Message) -> bool:
        """Tell whether an instruction is carried out at once; else it is only accepted so far."""
        return True

    def greet(self) -> str:
        """Begin a session; return its first text."""
        self.identified = self._active = False
        return json.dumps(
            message("Handshake", role="RM", supported_protocol_versions=["0.0.2-beta"])
        )

    def hear(self, text: str, now: datetime) -> list[str]:
        """Take a text of the energy manager; return what to say to it."""
        heard = json.loads(text)
        if heard["message_type"] == "ReceptionStatus":
            return []
        said = [self._answer(heard)]
        match heard["message_type"]:
            case "HandshakeResponse":
                said.append(self._details())
                self.identified = True
            case "SelectControlType":
                was_active, self._active = self._active, heard["control_type"] == self.control_type
                if was_active and not self._active:
                    self.release()
                said += [*self.descriptions(now), *self.statuses()] if self._active else []
            case "RevokeObject":
                said += self.statuses() if self.withdraw(heard["object_id"]) else []
            case kind if kind.endswith("Instruction"):
                done = self._active and self.follow(heard)
                said += [self._progress(heard, now, done=done), *self.statuses()]
        return [json.dumps(part) for part in said]

    def advance(self, now: datetime) -> list[str]:
        """Let time pass; return what has changed."""
        before = self.situation
        self.move((now - self._now).total_seconds())
        self._now = now
        measured = message(
            "PowerMeasurement",
            measurement_timestamp=now.isoformat(),
            values=[{"commodity_quantity": "ELECTRIC.POWER.L1", "value": self.power}],
        )
        anew = self.descriptions(now) if self.situation != before else []
        said = [measured, *anew, *self.statuses()] if self._active else [measured]
        return [json.dumps(part) for part in said]

    def _answer(self, heard: Message) -> Message:
        return {
            "message_type": "ReceptionStatus",
            "subject_message_id": heard["message_id"],
            "status": "OK",
        }

    def _details(self) -> Message:
        return message(
            "ResourceManagerDetails",
            resource_id=identifier(self.name),
            name=self.name,
            roles=[{"role": self.role, "commodity": "ELECTRICITY"}],
            instruction_processing_delay=0,
            available_control_types=[self.control_type],
            provides_forecast=False,
            provides_power_measurement_types=["ELECTRIC.POWER.L1"],
        )

    def _progress(self, instruction: Message, now: datetime, *, done: bool) -> Message:
        status = "SUCCEEDED" if self.has_begun(instruction) else "ACCEPTED"
        return message(
            "InstructionStatusUpdate",
            instruction_id=instruction["id"],
            status_type=status if done else "REJECTED",
            timestamp=now.isoformat(),
        )
