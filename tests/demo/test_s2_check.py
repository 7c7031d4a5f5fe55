"""The demo's check names what an S2 device lacks."""

from datetime import UTC, datetime

import pytest

from demo.configure import Device
from demo.home_assistant import State
from demo.s2_check import CONTROL_TYPES, S2Observation, s2_missing

NOW = datetime(2026, 11, 22, 13, 7, tzinfo=UTC)


def s2_home(**changed: str) -> list[S2Observation]:
    """Return a device of each control type, of which the hybrid is different."""
    hybrid = {
        "s2_connected": "on",
        "control_type": "demand_driven_based_control",
        "scheduled_power": "1333.3",
        "measured_power": "1333",
        "last_instruction": "succeeded",
        **changed,
    }
    others = CONTROL_TYPES - {"demand_driven_based_control"}
    homes = [hybrid, *({**hybrid, "control_type": control_type} for control_type in others)]
    return [
        S2Observation.of(
            {f"sensor.{key}": State("sensor.any", text, {}, NOW) for key, text in home.items()},
            Device(name=f"{number}", entities={key: f"sensor.{key}" for key in hybrid}),
        )
        for number, home in enumerate(homes)
    ]


def test_s2_devices_of_all_control_types_follow() -> None:
    """Five types can be planned; a device that says what it does is within 50 W, or 5 %, of its plan."""
    assert len(CONTROL_TYPES) == 5
    assert s2_missing(s2_home()) == []
    assert s2_missing(s2_home(measured_power="1380")) == []
    assert s2_missing(s2_home(last_instruction="started")) == []
    assert s2_missing(s2_home(last_instruction="accepted")) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"s2_connected": "off"}, "0: not connected"),
        ({"last_instruction": "rejected"}, "0: its last instruction is rejected"),
        ({"measured_power": "unavailable"}, "0: it measures nothing"),
        ({"measured_power": "0"}, "0: it runs at +0 W, scheduled +1333 W"),
        ({"scheduled_power": "unknown"}, "0: it runs at +1333 W, scheduled unknown"),
        ({"control_type": "not_controlable"}, "no device follows demand_driven_based_control"),
    ],
)
def test_what_an_s2_device_lacks_is_named(changed: dict[str, str], words: str) -> None:
    """Also that nobody is there who follows a control type."""
    observations = s2_home()
    observations[0] = s2_home(**changed)[0]
    assert s2_missing(observations) == [words]


def test_within_an_envelope_a_device_has_a_will_of_its_own() -> None:
    """The sun shines as it shines."""
    (seen,) = [
        each
        for each in s2_home(measured_power="900")
        if each.control_type == "power_envelope_based_control"
    ]
    assert seen.missing() is None
