"""One FlexMeasures client per account and server, shared by the entries that use it.

Sharing keeps one token, and later one request budget, since the server counts requests per user.
"""

from dataclasses import dataclass, field

from homeassistant.const import CONF_EMAIL, CONF_PASSWORD, CONF_URL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util.hass_dict import HassKey

from .client import Credentials, FlexMeasuresClient
from .const import DOMAIN
from .data import FlexMeasuresConfigEntry


@dataclass(slots=True, kw_only=True)
class Connection:
    """A signed-in client and the entries that stand on it."""

    client: FlexMeasuresClient
    credentials: Credentials
    entry_ids: set[str] = field(default_factory=set)


type ConnectionKey = tuple[str, str, bool]

_CONNECTIONS: HassKey[dict[ConnectionKey, Connection]] = HassKey(f"{DOMAIN}_connections")


def _key(entry: FlexMeasuresConfigEntry) -> ConnectionKey:
    return entry.data[CONF_URL], entry.data[CONF_EMAIL], entry.data[CONF_VERIFY_SSL]


@callback
def async_acquire_connection(hass: HomeAssistant, entry: FlexMeasuresConfigEntry) -> Connection:
    """Return the account's connection, made when the entry is the first to need it, with the entry's password."""
    connections = hass.data.setdefault(_CONNECTIONS, {})
    url, email, verify_ssl = key = _key(entry)
    credentials = Credentials(email, entry.data[CONF_PASSWORD])
    connection = connections.get(key)
    if connection is None:
        session = async_get_clientsession(hass, verify_ssl)
        connection = connections[key] = Connection(
            client=FlexMeasuresClient(session, url, credentials), credentials=credentials
        )
    elif connection.credentials != credentials:
        connection.client.replace_credentials(credentials)
        connection.credentials = credentials
    connection.entry_ids.add(entry.entry_id)
    return connection


@callback
def async_release_connection(hass: HomeAssistant, entry: FlexMeasuresConfigEntry) -> None:
    """Let go of the account's connection; the last entry to do so ends it."""
    connections = hass.data.get(_CONNECTIONS, {})
    for key, connection in list(connections.items()):
        connection.entry_ids.discard(entry.entry_id)
        if not connection.entry_ids:
            del connections[key]
