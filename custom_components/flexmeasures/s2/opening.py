"""How a session begins: which version is spoken, whose Handshake comes when, and how long a device may take."""

from datetime import datetime, timedelta

from .messages.components import Identifier
from .messages.session import EnergyManagementRole, Handshake, HandshakeResponse
from .versions import SPOKEN_VERSIONS, choose_version

# All known devices send their Handshake first; one that waits for ours waits this long.
_PATIENCE = timedelta(seconds=1)
# A device that has not said by then who it is will not; its socket is worth more to others.
_IDENTIFICATION_TIMEOUT = timedelta(seconds=60)


class Opening:
    """What happens between the opening of a connection and the device's details.

    Attributes:
        version: what was chosen, as the device spells it; None before.
        owes_handshake: whether ours is still to be sent.
    """

    def __init__(self, now: datetime) -> None:
        """Begin with a connection that was just opened."""
        self.version: str | None = None
        self.owes_handshake = True
        self._patience_ends: datetime | None = now + _PATIENCE
        self._identification_ends = now + _IDENTIFICATION_TIMEOUT

    def next_deadline(self, *, is_identified: bool) -> datetime | None:
        """Return when something is due by itself; None while nothing is."""
        identification_ends = None if is_identified else self._identification_ends
        if self._patience_ends is None or identification_ends is None:
            return self._patience_ends or identification_ends
        return min(self._patience_ends, identification_ends)

    def is_handshake_due(self, now: datetime) -> bool:
        """Tell whether the device has waited for our Handshake long enough."""
        return self._patience_ends is not None and now >= self._patience_ends

    def is_too_long(self, now: datetime) -> bool:
        """Tell whether a device that has not said yet who it is will not."""
        return now >= self._identification_ends

    def choose(self, offered: tuple[str, ...]) -> str | None:
        """Choose a version out of those that the device offers; None when it offers none."""
        self.version = choose_version(offered)
        if self.version is not None:
            self._patience_ends = None
        return self.version

    def response(self, message_id: Identifier) -> HandshakeResponse:
        """Return what tells the device which version was chosen."""
        assert self.version is not None
        return HandshakeResponse(message_id=message_id, selected_protocol_version=self.version)

    def own_handshake(self, message_id: Identifier) -> Handshake | None:
        """Return our Handshake, once; None when it has been sent."""
        self._patience_ends = None
        if not self.owes_handshake:
            return None
        self.owes_handshake = False
        return Handshake(
            message_id=message_id,
            role=EnergyManagementRole.CEM,
            supported_protocol_versions=SPOKEN_VERSIONS,
        )
