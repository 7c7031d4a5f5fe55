"""S2 devices at the door: who may come in, what they hear, and that none disturbs another."""

import asyncio
from datetime import UTC, datetime, timedelta
import hmac
import json
from unittest.mock import AsyncMock, patch

from aiohttp import ClientConnectionResetError, WSMessage, WSMsgType, WSServerHandshakeError
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.s2_link import S2Link
from custom_components.flexmeasures.s2_view import WrongSecrets

from .conftest import make_entry
from .s2.samples import (
    actuator,
    fill_rate_description,
    handshake,
    power_constraints,
    storage_status,
)
from .s2_devices import PATH, SECRET, ConnectedDevice, s2_subentry
from .test_init import set_up

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CONNECTION_TASK = "flexmeasures s2 connection"


def battery_id(entry: MockConfigEntry) -> str:
    """Return the id of the battery's subentry."""
    return next(item.subentry_id for item in entry.subentries.values() if item.title == "Battery")


@pytest.fixture
async def site(hass: HomeAssistant, client: AsyncMock) -> MockConfigEntry:
    """Return a loaded entry with two S2 devices."""
    entry = make_entry(s2_subentry(), s2_subentry("Boiler", "secret-of-the-boiler"))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


async def test_a_device_with_its_secret_is_led_to_its_control_type(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth())

    await device.follow()

    assert [said["message_type"] for said in device.said] == [
        "Handshake",
        "HandshakeResponse",
        "SelectControlType",
    ]
    assert device.said[-1]["control_type"] == "FILL_RATE_BASED_CONTROL"
    assert await device.say(fill_rate_description()) == "OK"
    assert await device.say(storage_status(40)) == "OK"
    (battery, boiler) = site.runtime_data.s2.devices.values()
    assert battery.connected
    assert battery.observation.state_of_charge == 0.4
    assert not boiler.connected


async def test_the_secret_may_also_stand_in_the_address(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    device = ConnectedDevice(hass, await client.ws_connect(f"{PATH}/{SECRET}"))

    assert await device.introduce() == "OK"


@pytest.mark.parametrize("given", ["", "wrong", SECRET[:-1], f"{SECRET}x", "☂"])
async def test_a23_a_wrong_secret_is_refused_before_the_upgrade(
    hass: HomeAssistant,
    site: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    given: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = await hass_client_no_auth()

    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(f"{PATH}/{given}" if given else PATH)

    assert refused.value.status == 403
    assert "ban" not in caplog.text
    assert given == "" or f"secret {given}" not in caplog.text


async def test_a23_every_secret_is_compared_in_a_time_that_tells_nothing(
    hass: HomeAssistant, site: MockConfigEntry
) -> None:
    """The right one, too, is compared with all of them, by the one comparison that takes the same time for all."""
    with patch("hmac.compare_digest", wraps=hmac.compare_digest) as compare:
        assert site.runtime_data.s2.owner_of(SECRET) == battery_id(site)
        assert site.runtime_data.s2.owner_of(f"{SECRET}x") is None

    secrets = [SECRET.encode(), b"secret-of-the-boiler"]
    assert [call.args[1] for call in compare.call_args_list] == secrets * 2


async def test_wrong_secrets_are_rate_limited_and_a_right_one_passes_all_the_same(
    hass: HomeAssistant,
    site: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = await hass_client_no_auth()

    statuses = [(await client.get(f"{PATH}/wrong")).status for _ in range(12)]

    assert statuses == [403] * 10 + [429] * 2
    assert caplog.text.count("Wrong secrets for S2 devices come from 127.0.0.1") == 1
    assert SECRET not in caplog.text
    device = await ConnectedDevice.knock(hass, client)
    assert await device.introduce() == "OK"


async def test_wrong_secrets_are_forgiven_after_a_minute() -> None:
    wrong = WrongSecrets()

    assert [wrong.is_too_many("10.0.0.1", NOON) for _ in range(11)] == [False] * 10 + [True]
    assert not wrong.is_too_many("10.0.0.2", NOON)
    assert not wrong.is_too_many("10.0.0.1", NOON + timedelta(minutes=1))


async def test_the_memory_of_wrong_secrets_is_bounded() -> None:
    wrong = WrongSecrets()
    for number in range(5000):
        wrong.is_too_many(f"2001:db8::{number:x}", NOON)

    assert len(wrong._counts) <= 1000


async def test_a_right_secret_without_an_upgrade_is_told_to_upgrade(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()

    assert (await client.get(f"{PATH}/{SECRET}")).status == 426


async def test_a_device_of_a_site_that_is_not_loaded_is_asked_to_come_back(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    await hass.config_entries.async_unload(site.entry_id)

    assert (await client.get(f"{PATH}/{SECRET}")).status == 503
    assert (await client.get(f"{PATH}/wrong")).status == 403


async def test_a19_a_device_that_comes_back_replaces_its_old_session(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    before = await ConnectedDevice.knock(hass, client)
    await before.follow()
    now = await ConnectedDevice.knock(hass, client)

    await now.follow()

    assert await before.closed() == 1001
    assert before.said[-1]["message_type"] == "SessionRequest"
    assert before.said[-1]["request"] == "TERMINATE"
    assert await now.say(fill_rate_description()) == "OK"
    assert site.runtime_data.s2.devices[battery_id(site)].connected


async def test_no_other_device_pushes_a_connected_one_out_with_its_secret(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    device = await ConnectedDevice.knock(hass, client)
    await device.follow()
    intruder = await ConnectedDevice.knock(hass, client)

    await intruder.introduce(resource_id="another")

    assert await intruder.closed() == 1001
    assert intruder.said[-1]["diagnostic_label"] == "another_device"
    assert await device.say(fill_rate_description()) == "OK"


async def test_a_device_cannot_stop_another_by_taking_its_name(
    hass: HomeAssistant, site: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    device = await ConnectedDevice.knock(hass, client)
    await device.follow()
    namesake = await ConnectedDevice.knock(hass, client, "secret-of-the-boiler")

    await namesake.follow()

    assert await device.say(fill_rate_description()) == "OK"
    assert all(item.connected for item in site.runtime_data.s2.devices.values())


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


class SlowSocket:
    """A socket with messages to read that takes none until it flows."""

    def __init__(self, messages: int) -> None:
        self._left = messages
        self._lost = False
        self.flowing = asyncio.Event()
        self.sent: list[str] = []

    async def receive(self) -> WSMessage:
        """Return the next message."""
        if not self._left:
            return WSMessage(WSMsgType.CLOSED, None, None)
        self._left -= 1
        return WSMessage(WSMsgType.TEXT, "{}", None)

    async def send_str(self, text: str) -> None:
        """Take a text once it flows."""
        await self.flowing.wait()
        if self._lost:
            raise ClientConnectionResetError
        self.sent.append(text)

    async def ping(self) -> None:
        """Be pinged once it flows."""
        await self.flowing.wait()

    def abort(self) -> None:
        """Lose the connection."""
        self._lost = True
        self.flowing.set()

    async def close(self, code: int) -> None:
        """Be closed."""
