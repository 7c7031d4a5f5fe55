"""What a home does not need is not imported for it, and the memory that is told is that of all that is."""

import importlib.util

import pytest

from bench.memory import (
    FOR_EVERY_SITE,
    FOR_FLEXIBLE_DEVICES,
    PACKAGE,
    WITH_FLEXIBLE_DEVICES,
    WITH_OTHERS,
    import_program,
)
from custom_components.flexmeasures.condition import ChargingPlanned, DischargingPlanned
from custom_components.flexmeasures.const import (
    BLOCK_CHARGE,
    BLOCK_DISCHARGE,
    BLOCK_IDLE,
    KIND_SOLAR,
    MODE_MANUAL,
    MODES,
)
from custom_components.flexmeasures.control import Mode
from custom_components.flexmeasures.flexible_device import DeviceKind
from custom_components.flexmeasures.scheduling import BlockKind

from .repository import ROOT, output_of

# Sets a home up with a feed and what else is given, lets it measure, and tells which of our modules are loaded then.
LOADED = """
# Before anything of Home Assistant, whose clock it makes one that can be set.
from pytest_homeassistant_custom_component import patch_time
import asyncio, sys
from bench.home import home
from bench.server import running_server
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData

SUBENTRIES = {subentries}

async def main():
    async with running_server(10) as url:
        subentries = [
            ConfigSubentryData(data=data, subentry_type=kind, title="T", unique_id=None)
            for kind, data in SUBENTRIES
        ]
        async with home(url, subentries) as (hass, entry):
            await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done()
            assert entry.state is ConfigEntryState.LOADED, entry.reason
            assert len(entry.runtime_data.uploader.feeds) == 1
            print(*sorted(name for name in sys.modules if name.startswith("{package}.")))

asyncio.run(main())
"""
IMPORTED = "print(*sorted(name for name in sys.modules if name.startswith('{package}.')))"
FEED = (
    "measurement",
    {"entity": "sensor.meter", "sensor": 100, "aggregation": "mean", "direction": "consumption"},
)
BATTERY = (
    "flexible_device",
    {
        "kind": "battery",
        "power_sensor": 101,
        "state_of_charge_entity": "sensor.level",
        "capacity": 10,
        "charging_power": 5,
    },
)


def modules_in(program: str) -> set[str]:
    """Return the names of our modules that a program prints in its last line."""
    return set(output_of(program, ROOT).splitlines()[-1].split())


@pytest.mark.parametrize(
    ("subentries", "imported", "unwanted"),
    [
        ([FEED], FOR_EVERY_SITE, (*WITH_FLEXIBLE_DEVICES, *WITH_OTHERS)),
        ([FEED, BATTERY], FOR_FLEXIBLE_DEVICES, WITH_OTHERS),
    ],
    ids=["without flexible devices", "with flexible devices"],
)
def test_a_home_loads_what_its_memory_is_measured_with_and_nothing_else(
    subentries: list[object], imported: tuple[str, ...], unwanted: tuple[str, ...]
) -> None:
    measured = modules_in(import_program(imported, unwanted) + IMPORTED.format(package=PACKAGE))

    assert modules_in(LOADED.format(subentries=subentries, package=PACKAGE)) == measured


def test_an_import_without_need_is_told() -> None:
    program = import_program(FOR_FLEXIBLE_DEVICES, WITH_FLEXIBLE_DEVICES)

    with pytest.raises(AssertionError, match="control is imported without need"):
        output_of(program, ROOT)


def test_what_is_imported_later_is_there() -> None:
    for name in (*WITH_FLEXIBLE_DEVICES, *WITH_OTHERS):
        assert importlib.util.find_spec(f"{PACKAGE}.{name}"), name


def test_the_words_that_every_home_has_are_those_of_planning_and_control() -> None:
    assert list(MODES) == list(Mode)
    assert Mode.MANUAL == MODE_MANUAL
    assert DeviceKind.SOLAR == KIND_SOLAR
    assert {BLOCK_CHARGE, BLOCK_DISCHARGE, BLOCK_IDLE} == set(BlockKind) - {BlockKind.UNKNOWN}
    assert ChargingPlanned._kind == BlockKind.CHARGE
    assert DischargingPlanned._kind == BlockKind.DISCHARGE
