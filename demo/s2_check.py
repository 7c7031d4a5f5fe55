"""Proves that S2 devices of all control types run as they are planned; a part of what ``script/demo --check`` does."""

import asyncio
from dataclasses import dataclass
from typing import Self

from custom_components.flexmeasures.const import CONTROL_TYPES as CONTROL_TYPES_OF_S2

from .check import POLL_SECONDS, SECONDS, States, watts
from .configure import Device
from .home_assistant import HomeAssistantApi

# What an S2 device says of an instruction that it will do, does, or has done.
INSTRUCTED = {"accepted", "started", "succeeded"}
# All that can be planned; there is a device for each.
CONTROL_TYPES = set(CONTROL_TYPES_OF_S2) - {"not_controlable"}
# Those whose power is what is planned; within an envelope, and in a profile, a device has a will of its own.
RUNS_AS_PLANNED = {"demand_driven_based_control", "fill_rate_based_control"}
# Measured a moment ago, at a level of then.
S2_TOLERANCE, S2_TOLERANCE_SHARE = 50.0, 0.05  # W, and of the planned power


@dataclass(frozen=True, slots=True, kw_only=True)
class S2Observation:
    """One S2 device at one moment; power in watts, consumption positive; None where nothing is known."""

    name: str
    connected: bool
    control_type: str
    scheduled: float | None
    measured: float | None
    instruction: str

    @classmethod
    def of(cls, states: States, device: Device) -> Self:
        """Collect what is known of a device from all states."""
        seen = {key: states.get(entity) for key, entity in device.entities.items()}

        def text(key: str) -> str:
            state = seen[key]
            return state.state if state else "unknown"

        def number(key: str) -> float | None:
            state = seen[key]
            return state.number if state else None

        return cls(
            name=device.name,
            connected=text("s2_connected") == "on",
            control_type=text("control_type"),
            scheduled=number("scheduled_power"),
            measured=number("measured_power"),
            instruction=text("last_instruction"),
        )

    def missing(self) -> str | None:
        """Return the first link of the device's chain that does not hold; None when all do."""
        if not self.connected:
            return "not connected"
        if self.instruction not in INSTRUCTED:
            return f"its last instruction is {self.instruction}"
        if self.measured is None:
            return "it measures nothing"
        if self.control_type not in RUNS_AS_PLANNED:
            return None
        tolerance = max(S2_TOLERANCE, S2_TOLERANCE_SHARE * abs(self.scheduled or 0.0))
        if self.scheduled is None or abs(self.measured - self.scheduled) > tolerance:
            return f"it runs at {watts(self.measured)}, scheduled {watts(self.scheduled)}"
        return None


def s2_missing(observations: list[S2Observation]) -> list[str]:
    """Return what does not hold of the S2 devices, and which control types nobody has."""
    lacking = [f"{seen.name}: {what}" for seen in observations if (what := seen.missing())]
    absent = CONTROL_TYPES - {seen.control_type for seen in observations}
    return lacking + [f"no device follows {control_type}" for control_type in sorted(absent)]


async def check_s2(api: HomeAssistantApi, devices: tuple[Device, ...]) -> bool:
    """Wait until the S2 devices, of all control types, run as they are planned; print that, return whether they do."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SECONDS
    while True:
        states = await api.states()
        observations = [S2Observation.of(states, device) for device in devices]
        lacking = s2_missing(observations)
        if not lacking or loop.time() > deadline:
            break
        await asyncio.sleep(POLL_SECONDS)
    print()
    for seen in observations:
        powers = f"{watts(seen.scheduled):>10}{watts(seen.measured):>10}"
        print(f"{seen.name:<28}{seen.control_type:<30}{powers}  {seen.instruction}")
    if not lacking:
        print("Every S2 device follows.")
    for what in lacking:
        print(f"Missing after {SECONDS} s: {what}")
    return not lacking
