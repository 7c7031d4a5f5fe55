"""How an entity of the simulated home can misbehave, for tests and for curious people."""

from enum import StrEnum


class Fault(StrEnum):
    """What is wrong with an entity; no real device announces it."""

    CLAMPS = "clamps"  # goes only half as far as it should be able to, as a hot battery does
    IGNORES_WRITES = "ignores_writes"  # says yes and does nothing
    UNAVAILABLE = "unavailable"


def heeded(fault: Fault | None, value: float, current: float, half: tuple[float, float]) -> float:
    """Return what a device with this fault makes of a new value.

    Args:
        fault: None for a device that does as it should.
        value: what it is told.
        current: what it was told before.
        half: lowest and highest value that one which clamps takes.
    """
    match fault:
        case Fault.CLAMPS:
            return min(max(value, half[0]), half[1])
        case Fault.IGNORES_WRITES:
            return current
        case _:
            return value
