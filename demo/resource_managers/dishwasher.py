"""A dishwasher under power profile based control."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar, override

from .resource_manager import Message, ResourceManager, identifier, message

_PROFILE = identifier("dishwasher programme")
_WINDOW = timedelta(hours=8)
# Minutes and W of each part, and the minutes that it may wait for the part before it.
_PARTS = {
    "wash": (((15, 2000.0), (30, 100.0)), None),
    "rinse": (((10, 1800.0), (20, 50.0)), 10),
}


class Dishwasher(ResourceManager):
    """It washes and rinses, once, when it is told to.

    Attributes:
        starts: when each part was told to begin.
    """

    name: ClassVar[str] = "S2 dishwasher"
    control_type: ClassVar[str] = "POWER_PROFILE_BASED_CONTROL"
    role: ClassVar[str] = "ENERGY_CONSUMER"

    def __init__(self, now: datetime) -> None:
        """Begin filled with dishes."""
        super().__init__(now)
        self.starts: dict[str, datetime] = {}
        self._told_by: dict[str, str] = {}

    @override
    def descriptions(self, now: datetime) -> list[Message]:
        containers = [
            {
                "id": identifier(f"dishwasher {name}"),
                "power_sequences": [
                    {
                        "id": identifier(f"dishwasher {name} sequence"),
                        "elements": [_element(minutes, power) for minutes, power in loads],
                        "is_interruptible": False,
                        "abnormal_condition_only": False,
                        **({} if pause is None else {"max_pause_before": pause * 60_000}),
                    }
                ],
            }
            for name, (loads, pause) in _PARTS.items()
        ]
        return [
            message(
                "PPBC.PowerProfileDefinition",
                id=_PROFILE,
                start_time=now.isoformat(),
                end_time=(now + _WINDOW).isoformat(),
                power_sequences_containers=containers,
            )
        ]

    @override
    def statuses(self) -> list[Message]:
        statuses = []
        for name in _PARTS:
            status: Message = {
                "power_profile_id": _PROFILE,
                "sequence_container_id": identifier(f"dishwasher {name}"),
                "status": self._status(name),
            }
            if name in self.starts:
                status["selected_sequence_id"] = identifier(f"dishwasher {name} sequence")
            statuses.append(status)
        return [message("PPBC.PowerProfileStatus", sequence_container_status=statuses)]

    @override
    def follow(self, instruction: Message) -> bool:
        for name in _PARTS:
            if instruction.get("sequence_container_id") == identifier(f"dishwasher {name}"):
                start = datetime.fromisoformat(instruction["execution_time"])
                self.starts[name] = start.astimezone(UTC)
                self._told_by[instruction["id"]] = name
                return True
        return False

    @override
    def has_begun(self, instruction: Message) -> bool:
        name = self._told_by.get(instruction["id"])
        return name not in self.starts or self.starts[name] <= self._now

    @override
    def withdraw(self, instruction_id: str) -> bool:
        name = self._told_by.pop(instruction_id, None)
        if name not in self.starts or self.starts[name] <= self._now:
            return False
        del self.starts[name]
        return True

    @override
    def release(self) -> None:
        self.starts = {name: start for name, start in self.starts.items() if start <= self._now}

    @override
    def move(self, seconds: float) -> None:
        now = self._now + timedelta(seconds=seconds)
        self.power = sum(self._power(name, now) for name in self.starts)

    def _power(self, name: str, now: datetime) -> float:
        time = self.starts[name]
        for minutes, power in _PARTS[name][0]:
            if time <= now < time + timedelta(minutes=minutes):
                return power
            time += timedelta(minutes=minutes)
        return 0.0

    def _status(self, name: str) -> str:
        if name not in self.starts:
            return "NOT_SCHEDULED"
        length = timedelta(minutes=sum(minutes for minutes, _ in _PARTS[name][0]))
        if self._now < self.starts[name]:
            return "SCHEDULED"
        return "EXECUTING" if self._now < self.starts[name] + length else "FINISHED"


def _element(minutes: float, power: float) -> Message:
    values = [{"commodity_quantity": "ELECTRIC.POWER.L1", "value_expected": power}]
    return {"duration": int(minutes * 60_000), "power_values": values}
