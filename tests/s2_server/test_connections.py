"""Connections of S2 devices: how they end, and what becomes of those that do not listen."""

import asyncio
from datetime import timedelta
from unittest.mock import patch

from aiohttp import WSMsgType, WSServerHandshakeError
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.s2_link import S2Link

from ..s2.samples import handshake
from ..s2_devices import PATH, SECRET, ConnectedDevice
from .devices import battery_id
from .slow_socket import SlowSocket


async def test_a20_unloading_asks_devices_to_come_back_and_closes_their_sockets(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
    await device.follow()

    unloading = hass.async_create_task(hass.config_entries.async_unload(site.entry_id))

    assert await device.closed() == 1001
    assert device.said[-1]["request"] == "RECONNECT"
    assert await unloading


async def test_a20_stopping_closes_sockets_even_if_a_device_does_not_listen(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    device = await ConnectedDevice.knock(hass, client)
    await device.follow()
    server = site.runtime_data.s2

    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()

    assert server.connections == 0
    with pytest.raises(WSServerHandshakeError) as refused:
        await ConnectedDevice.knock(hass, client)
    assert refused.value.status == 503


async def test_a_lost_connection_is_noticed(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
    await device.follow()

    await device.socket.close()
    await hass.async_block_till_done()

    assert not site.runtime_data.s2.devices[battery_id(site)].connected
    assert site.runtime_data.s2.connections == 0


async def test_a_device_that_never_says_who_it_is_is_sent_away(
    hass: HomeAssistant,
    site: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
    await device.send(handshake())
    await device.hear_until("HandshakeResponse")

    freezer.tick(timedelta(seconds=61))
    async_fire_time_changed(hass)

    assert await device.closed() == 1001
    assert device.said[-1]["diagnostic_label"] == "not_identified"


async def test_a_storm_of_connections_is_bounded_and_leaves_nothing(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    with patch("custom_components.flexmeasures.s2.sessions.MAXIMUM_SESSIONS", 20):
        devices = [await ConnectedDevice.knock(hass, client) for _ in range(21)]

        assert await devices[-1].closed() == 1013
    assert site.runtime_data.s2.connections == 20
    for device in devices:
        await device.socket.close()
    await hass.async_block_till_done()
    assert site.runtime_data.s2.connections == 0


async def test_a_device_that_does_not_read_is_not_read_either(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """A link stops reading while an answer waits, and goes on when it is gone."""
    socket = SlowSocket(500)
    link = S2Link(socket, lambda: None, "name", "owner")  # type: ignore[arg-type]
    taken = 0

    async def take(_: str | bytes) -> None:
        nonlocal taken
        taken += 1
        link.send(("answer",))

    running = hass.async_create_background_task(link.async_run(take), "link")
    for _ in range(50):
        await asyncio.sleep(0)
    assert taken == 1

    socket.flowing.set()
    await running
    assert (taken, socket.sent) == (500, ["answer"] * 500)


async def test_what_is_said_unasked_keeps_its_place_among_answers(hass: HomeAssistant) -> None:
    socket = SlowSocket(2)
    link = S2Link(socket, lambda: None, "name", "owner")  # type: ignore[arg-type]
    answers = iter(("first answer", "second answer"))

    async def take(_: str | bytes) -> None:
        link.send((next(answers), "with it"))

    running = hass.async_create_background_task(link.async_run(take), "link")
    link.send(("unasked",))
    for _ in range(5):
        await asyncio.sleep(0)
    socket.flowing.set()
    await running

    assert socket.sent == ["first answer", "with it", "unasked", "second answer", "with it"]


async def test_a_device_that_takes_nothing_loses_its_connection_in_time(
    hass: HomeAssistant,
) -> None:
    """Its answers wait, and so does the ping."""
    socket = SlowSocket(500)
    link = S2Link(socket, socket.abort, "name", "owner", 0.02)  # type: ignore[arg-type]

    async def take(_: str | bytes) -> None:
        link.send(("answer",))

    await link.async_run(take)

    assert socket.sent == []


async def test_pings_are_answered(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    headers = {"Authorization": f"Bearer {SECRET}"}
    socket = await client.ws_connect(PATH, headers=headers, autoping=False)
    await socket.ping(b"still there?")

    heard = await socket.receive(timeout=5)

    assert (heard.type, bytes(heard.data)) == (WSMsgType.PONG, b"still there?")


async def test_a_device_that_never_reads_what_it_is_told_loses_its_connection() -> None:
    aborted = []
    link = S2Link(SlowSocket(0), lambda: aborted.append(True), "name", "owner")  # type: ignore[arg-type]

    link.send(tuple("x" for _ in range(1000)))
    assert not aborted
    link.send(("x", "x"))

    assert aborted == [True]
    link.send(("x",))
    assert aborted == [True]


async def test_a_device_that_does_not_even_answer_pings_is_gone(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    with patch("custom_components.flexmeasures.s2_server.HEARTBEAT", 0.05):
        headers = {"Authorization": f"Bearer {SECRET}"}
        device = ConnectedDevice(
            hass, await client.ws_connect(PATH, headers=headers, autoping=False)
        )
        await device.follow()

        assert await device.closed() is not None
    await hass.async_block_till_done()

    assert not site.runtime_data.s2.devices[battery_id(site)].connected
