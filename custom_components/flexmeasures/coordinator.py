"""The site as FlexMeasures sees it: its assets, its sensors, and whether the server is there."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .client import (
    Account,
    Asset,
    FlexMeasuresClient,
    JsonValue,
    NotFoundError,
    PermissionDeniedError,
    Sensor,
    ServerVersions,
)
from .const import (
    CONF_CONSUMPTION_PRICE_SENSOR,
    CONF_PRODUCTION_PRICE_SENSOR,
    CONF_SITE_ID,
    DOMAIN,
    LOGGER,
)
from .data import FlexMeasuresConfigEntry
from .errors import errors_for_coordinator
from .inventory_store import InventoryStore, KnownSite
from .repairs import SITE_ISSUES, async_update_issues

# Two requests each time. Assets and sensors change when a person changes them; ten minutes is how long a new sensor
# may take to appear, and how long a lost server may go unnoticed while nothing else asks it.
_INTERVAL = timedelta(minutes=10)
# While the server is away everything of the site is unavailable, so its return is looked for more often.
_INTERVAL_WHILE_AWAY = timedelta(minutes=1)
# A server that hangs is given up by the client after more than a minute. So long a car would go on charging as it did
# when Home Assistant ended; a server that is only slow is met a minute later.
_LONGEST_START: Final = 15.0  # s
# Errors by their translation keys that are no answer of FlexMeasures about the site. A proxy in front of a server that
# is stopped says that nothing is found.
_AWAY: Final = frozenset(
    {"cannot_connect", "certificate", "not_found", "rate_limited", "server_error", "timeout"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteInventory:
    """The site's tree.

    Attributes:
        assets: the site and everything below it, by id.
        sensors: the sensors of these assets, and those that the site's flex-context names (prices), by id.
    """

    site: Asset
    assets: Mapping[int, Asset]
    sensors: Mapping[int, Sensor]

    def asset_of(self, sensor: Sensor) -> Asset:
        """Return the asset of the tree that shows the sensor: its own, or the site for one from outside."""
        return self.assets.get(sensor.asset_id, self.site)

    def assets_from_top(self) -> Iterator[Asset]:
        """Yield the assets so that each comes after its parent."""
        pending = [self.site]
        while pending:
            asset = pending.pop(0)
            yield asset
            pending += [child for child in self.assets.values() if child.parent_id == asset.id]


class InventoryCoordinator(DataUpdateCoordinator[SiteInventory]):
    """Reads the site's tree in two requests, whatever its size; when it fails, the site's entities are unavailable.

    The last good answer outlives a restart: without the server a home starts with the site as it was, and devices are
    controlled and measured.

    Attributes:
        account: who owns the site; None for a public one.
        versions: of the server.
    """

    config_entry: FlexMeasuresConfigEntry
    account: Account | None = None
    versions: ServerVersions

    def __init__(
        self, hass: HomeAssistant, entry: FlexMeasuresConfigEntry, client: FlexMeasuresClient
    ) -> None:
        """Prepare reading the entry's site through the client."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=_INTERVAL,
            always_update=False,
        )
        self.client = client
        self.site_id: int = entry.data[CONF_SITE_ID]
        self._store = InventoryStore(hass, entry)
        # Versions and account are asked once per start, also when they are known from the one before.
        self._is_met = False

    @override
    async def async_config_entry_first_refresh(self) -> None:
        """Read the site; while the server is away, take what it told when it last answered.

        Raises:
            ConfigEntryAuthFailed: the sign-in is refused.
            ConfigEntryNotReady: the site cannot be read, and nothing is known of it or the server has said why.
        """
        known = await self._store.async_load()
        if known is None:
            await super().async_config_entry_first_refresh()
            return
        try:
            async with asyncio.timeout(_LONGEST_START):
                await super().async_config_entry_first_refresh()
        except TimeoutError:
            self._async_go_on(known, f"no answer within {_LONGEST_START:g} s")
        except ConfigEntryNotReady as error:
            if error.translation_key not in _AWAY:
                raise
            self._async_go_on(known, str(error))

    @override
    async def _async_update_data(self) -> SiteInventory:
        self.update_interval = _INTERVAL_WHILE_AWAY
        problem: UpdateFailed | None = None
        try:
            with errors_for_coordinator():
                inventory = await self._async_read_inventory()
        except UpdateFailed as error:
            problem = error
            raise
        finally:
            async_update_issues(self.hass, self.config_entry, SITE_ISSUES, problem)
        self.update_interval = _INTERVAL
        await self._store.async_keep(
            KnownSite(
                account=self.account,
                assets=tuple(inventory.assets.values()),
                sensors=tuple(inventory.sensors.values()),
                versions=self.versions,
            )
        )
        return inventory

    async def _async_read_inventory(self) -> SiteInventory:
        if not self._is_met:
            self.versions = await self.client.ensure_supported()
        try:
            assets = await self.client.get_assets(root=self.site_id)
        except (NotFoundError, PermissionDeniedError) as error:
            raise _site_not_found() from error
        sensors = await self.client.get_sensors(asset_id=self.site_id, include_public=True)
        if not self._is_met:
            self.account = await self._async_read_account(assets)
            self._is_met = True
        return _inventory(self.site_id, assets, sensors, self._named_in_options())

    async def _async_read_account(self, assets: tuple[Asset, ...]) -> Account | None:
        account_ids = {asset.account_id for asset in assets if asset.id == self.site_id}
        account_id = account_ids.pop() if account_ids else None
        return None if account_id is None else await self.client.get_account(account_id)

    @callback
    def _async_go_on(self, known: KnownSite, reason: str) -> None:
        """Take the site as it was; the next refresh, a minute later, finds out what it is."""
        self.account = known.account
        self.versions = known.versions
        self.data = _inventory(self.site_id, known.assets, known.sensors, self._named_in_options())
        LOGGER.warning("%s goes on with its site as it was known: %s", self.name, reason)

    def _named_in_options(self) -> set[int]:
        options = self.config_entry.options
        keys = (CONF_CONSUMPTION_PRICE_SENSOR, CONF_PRODUCTION_PRICE_SENSOR)
        return {options[key] for key in keys if key in options}


def _site_not_found() -> UpdateFailed:
    return UpdateFailed(translation_domain=DOMAIN, translation_key="site_not_found")


def _inventory(
    site_id: int, assets: tuple[Asset, ...], sensors: tuple[Sensor, ...], named: set[int]
) -> SiteInventory:
    """Keep what belongs to the site: its tree, and the sensors that its flex-context or options name.

    Raises:
        UpdateFailed: the site is not in the answer.
    """
    by_id = {asset.id: asset for asset in assets}
    site = by_id.get(site_id)
    if site is None:
        raise _site_not_found()
    named = named | set(_sensors_named_in(site.flex_context))
    return SiteInventory(
        site=site,
        assets=by_id,
        sensors={
            sensor.id: sensor
            for sensor in sensors
            if sensor.asset_id in by_id or sensor.id in named
        },
    )


def _sensors_named_in(value: JsonValue) -> Iterator[int]:
    """Yield every sensor id in a flex-context, where a sensor is written as ``{"sensor": id}``."""
    if isinstance(value, list):
        for item in value:
            yield from _sensors_named_in(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "sensor" and isinstance(item, int):
                yield item
            else:
                yield from _sensors_named_in(item)
