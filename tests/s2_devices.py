"""S2 devices as they knock at Home Assistant: real WebSockets, and messages that a test chooses."""

import asyncio
from collections.abc import Callable
import json
from types import MappingProxyType
from typing import Any, Self

from aiohttp import ClientWebSocketResponse, WSMsgType
from aiohttp.test_utils import TestClient
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.s2.wire import JsonObject
from custom_components.flexmeasures.s2_entities import S2_SENSORS

from .s2.samples import answer, details, handshake

PATH = "/api/flexmeasures/s2"
SECRET = "secret-of-the-battery-that-nobody-guesses"
# Nothing here takes long; a test that waits for what never comes should say so.
_PATIENCE = 60  # s

type Client = Callable[[], Any]


def s2_subentry(title: str = "Battery", secret: str = SECRET, **data: object) -> ConfigSubentryData:
    """Return an S2 device of the small site's battery."""
    return ConfigSubentryData(
        data=MappingProxyType({"secret": secret, "asset": 2, **data}),
        subentry_type="s2_device",
        title=title,
        unique_id=None,
    )


def remember_s2_sensors(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Let every S2 device of the entry have told everything before."""
    for subentry in entry.subentries.values():
        if subentry.subentry_type == "s2_device":
            for description in S2_SENSORS:
                er.async_get(hass).async_get_or_create(
                    "sensor",
                    DOMAIN,
                    f"{subentry.subentry_id}_{description.key}",
                    config_entry=entry,
                    config_subentry_id=subentry.subentry_id,
                )


async def finish_plans(hass: HomeAssistant) -> None:
    """Let plans and setpoints that are under way come to their end; conversations with devices never do."""
    names = {"flexmeasures plan", "flexmeasures reschedule", "flexmeasures setpoint"}
    async with asyncio.timeout(_PATIENCE):
        while tasks := [
            each
            for each in hass._background_tasks
            if isinstance(each, asyncio.Task) and each.get_name() in names
        ]:
            await asyncio.wait(tasks)
    await hass.async_block_till_done()


class ConnectedDevice:
    """A device at the other end of a real socket.

    Attributes:
        socket: of the connection.
        said: what it heard that is no ReceptionStatus, oldest first.
        statuses: the answers it heard, by the message that they answer.
    """

    def __init__(self, hass: HomeAssistant, socket: ClientWebSocketResponse) -> None:
        self._hass = hass
        self.socket = socket
        self.said: list[dict[str, Any]] = []
        self.statuses: dict[str, list[str]] = {}

    @classmethod
    async def knock(
        cls, hass: HomeAssistant, client: TestClient[Any, Any], secret: str = SECRET
    ) -> Self:
        """Connect with the secret in the header."""
        headers = {"Authorization": f"Bearer {secret}"}
        return cls(hass, await client.ws_connect(PATH, headers=headers))

    async def send(self, *messages: JsonObject | str) -> None:
        """Send messages without waiting for anything."""
        for message in messages:
            await self.socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def hear(self) -> dict[str, Any] | None:
        """Return the next message; None when the socket is closed."""
        while (received := await self.socket.receive(timeout=_PATIENCE)).type is WSMsgType.PING:
            pass
        if received.type is not WSMsgType.TEXT:
            return None
        heard: dict[str, Any] = json.loads(received.data)
        if heard["message_type"] == "ReceptionStatus":
            self.statuses.setdefault(heard["subject_message_id"], []).append(heard["status"])
        else:
            self.said.append(heard)
        return heard

    async def hear_until(self, message_type: str) -> dict[str, Any]:
        """Return the next message of a type, after answering everything up to it with OK."""
        while (heard := await self.hear()) is not None:
            if heard["message_type"] != "ReceptionStatus":
                await self.send(answer(heard["message_id"]))
            if heard["message_type"] == message_type:
                await self._hass.async_block_till_done()
                return heard
        raise AssertionError(f"the socket was closed before {message_type}")

    async def say(self, *messages: JsonObject) -> str:
        """Send messages and wait until the last is answered; return that answer."""
        await self.send(*messages)
        name = str(messages[-1]["message_id"])
        while name not in self.statuses:
            assert await self.hear() is not None, "the socket was closed"
        await self._hass.async_block_till_done()
        return self.statuses[name][-1]

    async def introduce(self, *control_types: str, resource_id: str = "battery-1") -> str:
        """Shake hands and say who it is; return the answer to that."""
        await self.send(handshake())
        await self.hear_until("HandshakeResponse")
        return await self.say(details(*control_types, resource_id=resource_id))

    async def follow(self, *control_types: str) -> None:
        """Introduce itself and follow the control type that it is asked to follow."""
        await self.introduce(*control_types)
        asked = [said for said in self.said if said["message_type"] == "SelectControlType"]
        if asked:
            await self.send(answer(asked[-1]["message_id"]))
        else:
            await self.hear_until("SelectControlType")

    async def closed(self) -> int | None:
        """Wait until the socket is closed by the other side; return the code."""
        async with asyncio.timeout(_PATIENCE):
            while await self.hear() is not None:
                pass
        return self.socket.close_code
