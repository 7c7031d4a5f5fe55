"""All sessions side by side: which connection belongs to which device, and what a second connection means."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from .codec import Incoming
from .events import CloseReason, Identified, Output
from .messages.components import Identifier
from .messages.session import SessionRequestType
from .options import SessionState
from .session import Session

# Far more devices than a home has; a storm of connections ends here and not in the memory of the computer.
MAXIMUM_SESSIONS = 200


class TooManySessionsError(Exception):
    """No more connections are taken until others end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceKey:
    """A device that lasts longer than its connections.

    Attributes:
        owner: whose secret opened the connection. It is part of the key so that no device can push another one out by
            calling itself like it.
        resource_id: what the device calls itself.
    """

    owner: str
    resource_id: Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """What to send on one connection, and what happened there."""

    connection: str
    output: Output


@dataclass(slots=True)
class _Connected:
    owner: str
    session: Session


class Sessions:
    """The sessions of an entry, each known by the name of its connection.

    One session's faults never reach another: they share nothing but this index.
    """

    def __init__(self) -> None:
        self._connected: dict[str, _Connected] = {}
        self._devices: dict[DeviceKey, str] = {}

    def __len__(self) -> int:
        return len(self._connected)

    def __iter__(self) -> Iterator[tuple[str, Session]]:
        return iter([(name, connected.session) for name, connected in self._connected.items()])

    def open(self, connection: str, owner: str, session: Session) -> None:
        """Add the session of a new connection.

        Raises:
            TooManySessionsError: there are too many; the connection is to be closed.
        """
        if len(self._connected) >= MAXIMUM_SESSIONS:
            raise TooManySessionsError(f"{MAXIMUM_SESSIONS} sessions are open")
        self._connected[connection] = _Connected(owner, session)

    def session_of(self, device: DeviceKey) -> Session | None:
        """Return the device's session; None while it is not connected."""
        connection = self._devices.get(device)
        return self._connected[connection].session if connection is not None else None

    def receive(self, connection: str, text: str | bytes, now: datetime) -> tuple[Routed, ...]:
        """Take a text from a connection. Never raises, whatever the text holds; nothing for an unknown connection."""
        connected = self._connected.get(connection)
        if connected is None:
            return ()
        return self._routed(connection, connected, connected.session.receive(text, now))

    def accept(self, connection: str, incoming: Incoming, now: datetime) -> tuple[Routed, ...]:
        """Take what the codec made of a text, for texts that were read elsewhere."""
        connected = self._connected.get(connection)
        if connected is None:
            return ()
        return self._routed(connection, connected, connected.session.accept(incoming, now))

    def tick(self, now: datetime) -> tuple[Routed, ...]:
        """Do what is due in any session."""
        routed: list[Routed] = []
        for connection, session in self:
            due = session.next_deadline
            if due is not None and due <= now:
                routed += self._routed(connection, self._connected[connection], session.tick(now))
        return tuple(routed)

    def next_deadline(self) -> datetime | None:
        """Return when `tick` has to be called next; None while nothing is due by itself."""
        deadlines = (session.next_deadline for _, session in self)
        return min((due for due in deadlines if due is not None), default=None)

    def connection_lost(self, connection: str) -> tuple[Routed, ...]:
        """Note that a connection is gone."""
        connected = self._connected.get(connection)
        if connected is None:
            return ()
        return self._routed(connection, connected, connected.session.connection_lost())

    def close(
        self, connection: str, request: SessionRequestType, reason: CloseReason
    ) -> tuple[Routed, ...]:
        """End one session from our side; nothing for an unknown connection."""
        connected = self._connected.get(connection)
        if connected is None:
            return ()
        return self._routed(connection, connected, connected.session.close(request, reason))

    def close_all(self) -> tuple[Routed, ...]:
        """End all sessions because we stop; the devices are asked to come back."""
        routed: list[Routed] = []
        for connection, session in self:
            output = session.close(SessionRequestType.RECONNECT, CloseReason.STOPPED)
            routed += self._routed(connection, self._connected[connection], output)
        return tuple(routed)

    def _routed(self, connection: str, connected: _Connected, output: Output) -> tuple[Routed, ...]:
        own = Routed(connection=connection, output=output)
        if connected.session.state is SessionState.CLOSED:
            self._forget(connection)
            return (own,)
        for event in output.events:
            if isinstance(event, Identified):
                device = DeviceKey(owner=connected.owner, resource_id=event.details.resource_id)
                return (*self._replaced(device, connection), own)
        return (own,)

    def _replaced(self, device: DeviceKey, connection: str) -> tuple[Routed, ...]:
        """Let a connection stand for a device; the one that did so before ends."""
        before = self._devices.get(device)
        self._devices[device] = connection
        if before is None or before == connection:
            return ()
        session = self._connected[before].session
        output = session.close(SessionRequestType.TERMINATE, CloseReason.REPLACED)
        del self._connected[before]
        return (Routed(connection=before, output=output),)

    def _forget(self, connection: str) -> None:
        del self._connected[connection]
        for device, name in list(self._devices.items()):
            if name == connection:
                del self._devices[device]
