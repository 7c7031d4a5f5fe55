"""What a storage is told, and what it does then."""

from ..s2.samples import storage_status
from ..s2_devices import ConnectedDevice
from ..s2_home import S2Home
from ..s2_words import idle_storage

# Of its 5000 W.
CHARGES, RESTS = ("charge", 0.5), ("charge", 0.0)


async def follow(home: S2Home, device: ConnectedDevice) -> None:
    """Let the schedule be followed by its switch; the device is told to charge with 2500 of its 5000 W."""
    await home.act("turn_on", "switch.solar_panels_follow_schedule")
    assert await told(device) == CHARGES


async def told(device: ConnectedDevice) -> tuple[str, float]:
    """Return the operation mode and factor of the next instruction, which the device then runs."""
    heard = await device.hear_until("FRBC.Instruction")
    return heard["operation_mode"], heard["operation_mode_factor"]


async def released(device: ConnectedDevice) -> None:
    """Expect that the device is asked to follow nothing and then the same again, and let it describe itself anew."""
    asked = [await device.hear_until("SelectControlType") for _ in range(2)]
    assert [item["control_type"] for item in asked] == ["NO_SELECTION", "FILL_RATE_BASED_CONTROL"]
    for word in idle_storage():
        await device.say(word)


async def is_told_nothing(device: ConnectedDevice) -> None:
    """Expect that nothing but an answer comes after something is said."""
    before = len(device.said)
    await device.say(storage_status(40))
    assert device.said[before:] == []
