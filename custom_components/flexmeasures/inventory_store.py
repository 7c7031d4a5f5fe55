"""What a site's server last told of it, for starts while that server is away."""

from dataclasses import dataclass
from typing import Final

from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

from .client import Account, Asset, JsonObject, Sensor, ServerVersions
from .const import CONF_SITE_ID, DOMAIN, LOGGER
from .data import FlexMeasuresConfigEntry
from .records import (
    kept_integer,
    kept_length,
    kept_object,
    kept_objects,
    kept_text,
    kept_texts,
    kept_truth,
    needed_integer,
)

_VERSION: Final = 1
# What a file raises that is not whole, lacks Home Assistant's own fields, or is of a version that is not ours.
_UNREADABLE: Final = (
    AttributeError,
    HomeAssistantError,
    KeyError,
    NotImplementedError,
    OverflowError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSite:
    """One whole answer of the server, as far as the integration uses it.

    Of attributes only the sign of power is kept, since anything may be among the others.

    Attributes:
        account: who owns the site; None for a public one.
        assets: the site and everything below it.
        sensors: those of these assets, and those that the site is priced with.
    """

    account: Account | None
    assets: tuple[Asset, ...]
    sensors: tuple[Sensor, ...]
    versions: ServerVersions


class InventoryStore:
    """One file per entry with the last whole answer about its site.

    Without it, Home Assistant's start while the server is away leaves every device with the power that it had. What is
    not understood, and what is of another server or site, counts as nothing.
    """

    def __init__(self, hass: HomeAssistant, entry: FlexMeasuresConfigEntry) -> None:
        """Prepare the entry's file; nothing is read yet."""
        key = f"{DOMAIN}.{entry.entry_id}.inventory"
        self._store: Store[JsonObject] = Store(hass, _VERSION, key, atomic_writes=True)
        self._entry = entry
        self._record: JsonObject | None = None

    async def async_load(self) -> KnownSite | None:
        """Return what was kept of the entry's site; None where that is nothing, or nothing of use."""
        try:
            self._record = await self._store.async_load()
            if self._record is None or not self._is_ours(self._record):
                return None
            return _site_from_record(self._record)
        except _UNREADABLE as error:
            LOGGER.warning("What was kept of the site %s is lost: %s", self._entry.title, error)
            return None

    async def async_keep(self, site: KnownSite) -> None:
        """Write what is known of the site, unless the file says so already."""
        record = self._origin() | _site_to_record(site)
        if record != self._record:
            await self._store.async_save(record)
            self._record = record

    async def async_remove(self) -> None:
        """Forget the site."""
        await self._store.async_remove()

    def _origin(self) -> JsonObject:
        return {"url": self._entry.data[CONF_URL], "site": self._entry.data[CONF_SITE_ID]}

    def _is_ours(self, record: JsonObject) -> bool:
        return self._origin().items() <= record.items()


def _site_to_record(site: KnownSite) -> JsonObject:
    """Return the site as plain values; resolutions in seconds."""
    account = site.account
    return {
        "account": None if account is None else {"id": account.id, "name": account.name},
        "assets": [
            {
                "id": asset.id,
                "name": asset.name,
                "type": asset.type_name,
                "account": asset.account_id,
                "parent": asset.parent_id,
                "flex_context": asset.flex_context,
            }
            for asset in site.assets
        ],
        "sensors": [
            {
                "id": sensor.id,
                "name": sensor.name,
                "unit": sensor.unit,
                "resolution": sensor.resolution.total_seconds(),
                "timezone": sensor.timezone,
                "asset": sensor.asset_id,
                "consumption_is_positive": sensor.consumption_is_positive,
            }
            for sensor in site.sensors
        ],
        "server": site.versions.server,
        "apis": list(site.versions.apis),
    }


def _site_from_record(record: JsonObject) -> KnownSite:
    """Return the site that was kept.

    Strict, since power is planned and sent by its units and signs.

    Raises:
        ValueError: it is no whole site.
    """
    assets = tuple(map(_asset, kept_objects(record, "assets")))
    if needed_integer(record, "site") not in {asset.id for asset in assets}:
        raise ValueError("the site is not among its assets")
    return KnownSite(
        account=_account(record),
        assets=assets,
        sensors=tuple(map(_sensor, kept_objects(record, "sensors"))),
        versions=ServerVersions(
            server=None if record.get("server") is None else kept_text(record, "server"),
            apis=kept_texts(record, "apis"),
        ),
    )


def _account(record: JsonObject) -> Account | None:
    if record.get("account") is None:
        return None
    account = kept_object(record, "account")
    return Account(id=needed_integer(account, "id"), name=kept_text(account, "name"))


def _asset(record: JsonObject) -> Asset:
    return Asset(
        id=needed_integer(record, "id"),
        name=kept_text(record, "name"),
        type_name=kept_text(record, "type"),
        account_id=kept_integer(record, "account"),
        parent_id=kept_integer(record, "parent"),
        flex_context=kept_object(record, "flex_context"),
    )


def _sensor(record: JsonObject) -> Sensor:
    is_positive = kept_truth(record, "consumption_is_positive")
    return Sensor(
        id=needed_integer(record, "id"),
        name=kept_text(record, "name"),
        unit=kept_text(record, "unit"),
        resolution=kept_length(record, "resolution"),
        timezone=kept_text(record, "timezone"),
        asset_id=needed_integer(record, "asset"),
        attributes={"consumption_is_positive": True} if is_positive else {},
    )
