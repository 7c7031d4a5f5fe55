"""The address at which S2 devices knock; who does not know a secret gets no further."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from aiohttp import hdrs, web
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.util import dt as dt_util

from .const import CONF_CREDENTIAL, DOMAIN, LOGGER, SUBENTRY_S2_DEVICE
from .data import FlexMeasuresConfigEntry
from .s2_secrets import is_same_secret

PATH: Final = "/api/flexmeasures/s2"
# A person who mistypes a secret tries a few times; a device that keeps trying should be slow and must not fill the log.
_MOST_WRONG: Final = 10
_PERIOD: Final = timedelta(minutes=1)
_RETRY_AFTER: Final = {hdrs.RETRY_AFTER: "60"}
# Many addresses at once are an attack: the counts of all end together rather than fill the memory.
_MOST_ADDRESSES: Final = 1000


class WrongSecrets:
    """How many wrong secrets came from each address within the last minute.

    A right secret always passes: nobody guesses one, and devices behind one proxy share its address.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._counts: Counter[str] = Counter()
        self._since: datetime | None = None

    def is_too_many(self, address: str, now: datetime) -> bool:
        """Count a wrong secret; tell whether there were too many of them."""
        if (
            self._since is None
            or not timedelta(0) <= now - self._since < _PERIOD
            or len(self._counts) >= _MOST_ADDRESSES
        ):
            self._counts.clear()
            self._since = now
        self._counts[address] += 1
        if self._counts[address] == _MOST_WRONG:
            LOGGER.warning("Wrong secrets for S2 devices come from %s", address)
        return self._counts[address] > _MOST_WRONG


class S2View(HomeAssistantView):
    """Where S2 devices open their WebSocket; Home Assistant cannot unregister it, so it serves all sites."""

    url = PATH
    name = "api:flexmeasures:s2"
    # Devices have no user of Home Assistant; each has a secret of its own.
    requires_auth = False

    def __init__(self) -> None:
        """Begin without any wrong secret."""
        self.extra_urls = [f"{PATH}/{{secret}}"]
        self._wrong = WrongSecrets()

    async def get(self, request: web.Request, secret: str | None = None) -> web.StreamResponse:
        """Upgrade the connection of a device that knows a secret."""
        hass = request.app[KEY_HASS]
        given = secret or _bearer(request)
        found = None
        entries: list[FlexMeasuresConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
        for entry in entries:
            server = entry.runtime_data.s2
            if server and (owner := server.owner_of(given)) is not None:
                found = server, owner
        if found is not None:
            if not web.WebSocketResponse().can_prepare(request).ok:
                return web.Response(status=426, headers={hdrs.UPGRADE: "websocket"})
            return await found[0].async_serve(request, found[1])
        if _is_of_sleeping_entry(hass, given):
            return web.Response(status=503, headers=_RETRY_AFTER)
        # Returned and not raised: Home Assistant would take it for a failed sign-in and may ban the whole address.
        if self._wrong.is_too_many(request.remote or "", dt_util.utcnow()):
            return web.Response(status=429, headers=_RETRY_AFTER)
        return web.Response(status=403)


def address_for(hass: HomeAssistant, secret: str | None = None) -> str:
    """Return the whole address for a device, as far as Home Assistant knows its own."""
    try:
        base = get_url(hass, prefer_external=False)
    except NoURLAvailableError:
        base = "http://homeassistant.local:8123"
    path = PATH if secret is None else f"{PATH}/{secret}"
    return "ws" + base.removeprefix("http") + path


def _bearer(request: web.Request) -> str:
    scheme, _, credentials = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else ""


def _is_of_sleeping_entry(hass: HomeAssistant, secret: str) -> bool:
    """Tell whether a device belongs to a site that is just not loaded: it should come back, not give up."""
    matches = [
        is_same_secret(secret, subentry.data[CONF_CREDENTIAL])
        for entry in hass.config_entries.async_entries(DOMAIN, include_disabled=False)
        if entry.state is not ConfigEntryState.LOADED
        for subentry in entry.get_subentries_of_type(SUBENTRY_S2_DEVICE)
    ]
    return any(matches)
