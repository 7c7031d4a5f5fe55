"""The energy manager's side of all S2 connections of one site."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiohttp import WSCloseCode, web
from homeassistant.config_entries import SOURCE_INTEGRATION_DISCOVERY
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event as HomeAssistantEvent, HomeAssistant, callback
from homeassistant.helpers import discovery_flow
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from .const import CONF_ENTRY, CONF_RESOURCE_ID, DOMAIN
from .data import FlexMeasuresConfigEntry
from .listeners import Listeners
from .s2 import (
    LARGE_LENGTH,
    Closed,
    CloseReason,
    Codec,
    Identified,
    Routed,
    Session,
    SessionOptions,
    Sessions,
    TooManySessionsError,
    load,
    random_identifier,
)
from .s2.messages.session import ResourceManagerDetails, RoleType, SessionRequestType
from .s2_device import S2Device
from .s2_entities import (
    async_add_s2_connectivity,
    async_add_s2_sensors,
    async_describe_device,
)
from .s2_link import HEARTBEAT, S2Link, new_socket
from .s2_secrets import is_same_secret, new_secret
from .s2_settings import S2Settings
from .s2_setup import PAIRING, SECTION, discovered_as
from .site_store import Section, SiteStore

# Home Assistant's stop waits at most this long for devices to be told.
_STOPPING: Final = 1.5  # s
# People accept one device at a time; more that wait are noise, or worse.
_MOST_WAITING: Final = 20

_STORES_ENERGY: Final = "stores_energy"

# What FlexMeasures calls the likeliest kind of a device.
_ASSET_TYPES: Final = {
    RoleType.ENERGY_STORAGE: "battery",
    RoleType.ENERGY_PRODUCER: "solar",
    RoleType.ENERGY_CONSUMER: "process",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDevice:
    """A device that came with the pairing secret, and waits for a person."""

    details: ResourceManagerDetails
    connection: str

    @property
    def title(self) -> str:
        """What people call it; its words hold no markup."""
        return (
            self.details.name
            or " ".join(filter(None, (self.details.manufacturer, self.details.model)))
            or self.details.resource_id
        )

    @property
    def asset_type(self) -> str | None:
        """What FlexMeasures calls the likeliest kind of such a device; None when nothing tells."""
        roles = {role.role for role in self.details.roles}
        return next((name for role, name in _ASSET_TYPES.items() if role in roles), None)


@dataclass(slots=True)
class _Connected:
    link: S2Link
    session: Session
    task: asyncio.Task[None] | None = None


class S2Server:
    """Takes the connections of the site's S2 devices, and keeps their sessions apart.

    When it fails, S2 devices run on their own, and try to come back.

    Attributes:
        devices: the accepted ones, by subentry id, also while they are away.
        waiting: those that a person may accept, by the name they give themselves.
        listeners: called when the waiting devices change.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        store: SiteStore,
        devices: tuple[S2Settings, ...],
    ) -> None:
        """Prepare serving the devices of the entry."""
        self._hass = hass
        self._entry = entry
        self._store = store
        self._sessions = Sessions()
        self._connected: dict[str, _Connected] = {}
        self._timer: CALLBACK_TYPE | None = None
        self._due: datetime | None = None
        self._stopped = False
        record = store.record(SECTION, PAIRING) or {}
        secret = record.get("secret")
        self._pairing_secret = secret if isinstance(secret, str) else None
        self.listeners = Listeners()
        self.devices: Mapping[str, S2Device] = {
            settings.subentry_id: S2Device(hass, settings) for settings in devices
        }
        for name, device in self.devices.items():
            kept = store.record(SECTION, name) or {}
            device.stores_energy = kept.get(_STORES_ENERGY) is True
        self.waiting: dict[str, WaitingDevice] = {}

    @property
    def connections(self) -> int:
        """How many sockets are open."""
        return len(self._connected)

    @callback
    def async_start(self) -> None:
        """Take connections from now on, until the entry is unloaded or Home Assistant stops."""
        self._store.async_provide(SECTION, self._record)

        async def stop(_: HomeAssistantEvent) -> None:
            await self.async_stop()

        self._entry.async_on_unload(self._hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, stop))

    @callback
    def async_add_sensors(self, add: AddConfigEntryEntitiesCallback) -> None:
        """Show what the devices tell of themselves."""
        async_add_s2_sensors(self._hass, self._entry, self.devices.values(), add)

    @callback
    def async_add_connectivity(self, add: AddConfigEntryEntitiesCallback) -> None:
        """Show which devices are connected."""
        async_add_s2_connectivity(self._entry, self.devices, add)

    def _record(self) -> Section:
        kept: Section = {
            name: {_STORES_ENERGY: device.stores_energy} for name, device in self.devices.items()
        }
        if self._pairing_secret:
            kept[PAIRING] = {"secret": self._pairing_secret}
        return kept

    async def async_stop(self) -> None:
        """Ask all devices to come back later, and close their connections."""
        self._stopped = True
        self._async_cancel_timer()
        tasks = [item.task for item in self._connected.values() if item.task]
        self._route(self._sessions.close_all(), dt_util.utcnow())
        for device in self.devices.values():
            device.async_cancel_timers()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_STOPPING)
            for task in late:
                task.cancel()

    @callback
    def async_pairing_secret(self) -> str:
        """Return the secret with which a new device may introduce itself; made when it is first asked for."""
        if self._pairing_secret is None:
            self._pairing_secret = new_secret()
            self._store.async_changed()
        return self._pairing_secret

    @callback
    def async_give_away_pairing_secret(self) -> str:
        """Return the pairing secret for good: it is a device's own from now on, the next device gets another."""
        secret = self.async_pairing_secret()
        self._pairing_secret = None
        self._store.async_changed()
        return secret

    def owner_of(self, secret: str) -> str | None:
        """Return whose secret it is, in a time that does not depend on how much of it is right."""
        owners = {device.settings.secret: name for name, device in self.devices.items()}
        if self._pairing_secret is not None:
            owners[self._pairing_secret] = PAIRING
        found = [owner for stored, owner in owners.items() if is_same_secret(secret, stored)]
        return found[0] if found else None

    async def async_serve(self, request: web.Request, owner: str) -> web.StreamResponse:
        """Lead the session of one connection from its upgrade until it is closed."""
        if self._stopped or (owner == PAIRING and len(self.waiting) >= _MOST_WAITING):
            return web.Response(status=503)
        codec = await self._hass.async_add_executor_job(load)
        socket = new_socket()
        await socket.prepare(request)
        transport = request.transport
        assert transport is not None
        link = S2Link(socket, transport.abort, random_identifier(), owner, HEARTBEAT)
        session = Session(codec, dt_util.utcnow(), options=self._options_of(owner))
        try:
            self._sessions.open(link.name, owner, session)
        except TooManySessionsError:
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return socket
        connected = self._connected[link.name] = _Connected(link, session)
        self._async_arm(session.next_deadline)
        connected.task = task = self._entry.async_create_background_task(
            self._hass, self._async_converse(connected, codec), "flexmeasures s2 connection"
        )
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
        return socket

    def _options_of(self, owner: str) -> SessionOptions:
        if owner == PAIRING:
            return SessionOptions(preference=())
        return self.devices[owner].settings.session_options

    async def _async_converse(self, connected: _Connected, codec: Codec) -> None:
        link = connected.link

        async def take(text: str | bytes) -> None:
            now = dt_util.utcnow()
            if device := self.devices.get(link.owner):
                device.conversation.note(text, now)
            if len(text) > LARGE_LENGTH:
                incoming = await self._hass.async_add_executor_job(codec.read, text)
                routed = self._sessions.accept(link.name, incoming, dt_util.utcnow())
            else:
                routed = self._sessions.receive(link.name, text, now)
            self._route(routed, now)
            self._async_arm(connected.session.next_deadline)

        try:
            await link.async_run(take)
        finally:
            self._route(self._sessions.connection_lost(link.name), dt_util.utcnow())
            del self._connected[link.name]

    @callback
    def _route(self, routed: Iterable[Routed], now: datetime) -> None:
        """Send what is to be sent, and tell devices what happened."""
        for part in routed:
            connected = self._connected[part.connection]
            self._send(connected.link, part.output.texts)
            device = self.devices.get(connected.link.owner)
            for event in part.output.events:
                if isinstance(event, Identified) and not self._identified(connected, event):
                    refused = self._sessions.close(
                        part.connection, SessionRequestType.TERMINATE, CloseReason.ANOTHER_DEVICE
                    )
                    self._route(refused, now)
                    break
            else:
                if device is not None:
                    device.async_take(connected.session, part.output.events, now)
            if any(isinstance(event, Closed) for event in part.output.events):
                connected.link.close()
                self._async_forget_waiting(connected.link)

    def _send(self, link: S2Link, texts: tuple[str, ...]) -> None:
        if device := self.devices.get(link.owner):
            now = dt_util.utcnow()
            for text in texts:
                device.conversation.note(text, now, sent=True)
        link.send(texts)

    def _identified(self, connected: _Connected, event: Identified) -> bool:
        """Let a connection stand for a device; False when it must not."""
        link = connected.link
        if device := self.devices.get(link.owner):
            accepted = device.async_identified(
                connected.session, event.details, lambda texts: self._send(link, texts)
            )
            if accepted:
                async_describe_device(self._hass, self._entry, device)
            return accepted
        self._async_discover(event.details, link)
        return True

    @callback
    def _async_discover(self, details: ResourceManagerDetails, link: S2Link) -> None:
        self.waiting[details.resource_id] = WaitingDevice(details=details, connection=link.name)
        discovery_flow.async_create_flow(
            self._hass,
            DOMAIN,
            {"source": SOURCE_INTEGRATION_DISCOVERY},
            {CONF_ENTRY: self._entry.entry_id, CONF_RESOURCE_ID: details.resource_id},
        )
        self.listeners.async_call()

    @callback
    def _async_forget_waiting(self, link: S2Link) -> None:
        gone = [name for name, item in self.waiting.items() if item.connection == link.name]
        flows = self._hass.config_entries.flow
        for name in gone:
            del self.waiting[name]
            # Accepted in the other dialog, or gone: nobody can accept it here any more.
            shown = {"unique_id": discovered_as(self._entry, name)}
            for flow in flows.async_progress_by_handler(DOMAIN, match_context=shown):
                flows.async_abort(flow["flow_id"])
        if gone:
            self.listeners.async_call()

    @callback
    def _async_cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer()
            self._timer = None
        self._due = None

    @callback
    def _async_arm(self, due: datetime | None) -> None:
        """Come back at a session's deadline, unless another one is due before."""
        if due is None or self._stopped or (self._due is not None and self._due <= due):
            return
        self._async_cancel_timer()
        self._due = due
        self._timer = async_track_point_in_utc_time(self._hass, self._async_tick, due)

    @callback
    def _async_tick(self, _: datetime) -> None:
        self._timer = self._due = None
        now = dt_util.utcnow()
        self._route(self._sessions.tick(now), now)
        self._async_arm(self._sessions.next_deadline())
