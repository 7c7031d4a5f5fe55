"""What S2 devices say: garbage, too much, too fast; none disturbs another."""

import asyncio
import json
from unittest.mock import AsyncMock

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from ..conftest import make_entry
from ..s2.samples import actuator, fill_rate_description, power_constraints, storage_status
from ..s2_devices import ConnectedDevice, s2_subentry
from ..test_init import set_up
from .devices import battery_id

CONNECTION_TASK = "flexmeasures s2 connection"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("no json", "INVALID_DATA"),
        ("[]", "INVALID_DATA"),
        ("[" * 50_000, "INVALID_DATA"),
        ('{"message_type": "Unknown", "message_id": "one"}', "INVALID_MESSAGE"),
        ('{"message_type": "FRBC.StorageStatus", "message_id": "one"}', "INVALID_MESSAGE"),
        (json.dumps(storage_status(float("nan"))), "INVALID_CONTENT"),
        (json.dumps(power_constraints()), "INVALID_CONTENT"),
    ],
)
async def test_a2_garbage_is_answered_once_and_the_connection_stays(
    hass: HomeAssistant,
    site: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    text: str,
    status: str,
) -> None:
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
    await device.follow()

    await device.send(text)
    heard = await device.hear()

    assert heard
    assert heard["status"] == status
    assert await device.say(fill_rate_description()) == "OK"


async def test_a_large_message_is_read_beside_the_event_loop(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
    await device.follow()
    actuators = [actuator(f"inverter-{number}") for number in range(10)]
    for part in actuators:
        part["diagnostic_label"] = "x" * 20_000

    assert await device.say(fill_rate_description(*actuators)) == "OK"
    assert await device.say(storage_status(40)) == "OK"


async def test_a24_a_message_beyond_one_mebibyte_ends_the_connection_only_of_its_sender(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    device = await ConnectedDevice.knock(hass, client)
    await device.follow()
    other = await ConnectedDevice.knock(hass, client, "secret-of-the-boiler")
    await other.follow()

    await device.send("x" * (2**20 + 1))

    assert await device.closed() == 1009
    await hass.async_block_till_done()
    assert not site.runtime_data.s2.devices[battery_id(site)].connected
    assert await other.say(fill_rate_description()) == "OK"


async def test_a21_talking_for_long_leaves_neither_tasks_nor_memory(
    hass: HomeAssistant, client: AsyncMock, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """Ten devices with 300 messages each: as many tasks as before, and the last 200 texts of each conversation."""
    secrets = [f"secret-{number}" for number in range(10)]
    entry = make_entry(*(s2_subentry(f"Battery {secret}", secret) for secret in secrets))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    http = await hass_client_no_auth()
    devices = [await ConnectedDevice.knock(hass, http, secret) for secret in secrets]
    for device in devices:
        await device.follow()
        await device.say(fill_rate_description())
    before = len(asyncio.all_tasks())

    for device in devices:
        await device.say(*(storage_status(40) for _ in range(300)))

    assert len(asyncio.all_tasks()) == before
    for known in entry.runtime_data.s2.devices.values():
        assert known.session
        assert known.session.counters.received > 300
        assert len(known.conversation) == 200
    assert [task.get_name() for task in asyncio.all_tasks()].count(CONNECTION_TASK) == 10
    for device in devices:
        await device.socket.close()
    await hass.async_block_till_done()
    assert entry.runtime_data.s2.connections == 0
    assert [task.get_name() for task in asyncio.all_tasks()].count(CONNECTION_TASK) == 0


async def test_a_flood_from_one_device_delays_no_other(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """The other's message is answered before most of the flood, which was sent before it, is."""
    client = await hass_client_no_auth()
    flood = await ConnectedDevice.knock(hass, client)
    await flood.follow()
    other = await ConnectedDevice.knock(hass, client, "secret-of-the-boiler")
    await other.follow()
    await flood.say(fill_rate_description())
    flooding = site.runtime_data.s2.devices[battery_id(site)]
    sessions = flooding.session
    assert sessions

    before = sessions.counters.received
    sending = hass.async_create_task(flood.send(*(storage_status(40) for _ in range(2000))))
    await other.say(fill_rate_description())

    assert sessions.counters.received - before < 1000
    while len(flood.statuses) < 2000:
        await flood.hear()
    await sending
