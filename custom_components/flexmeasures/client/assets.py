"""Calls about assets and their types."""

import asyncio
from collections.abc import Mapping, Sequence

from .asset_fields import DEFAULT_FIELDS, asked_fields, asset_changes
from .compatibility import JOBS_SINCE, TREES_SINCE, is_older, subtree
from .connection import API, Calls, Connection
from .errors import NotFoundError, PermissionDeniedError
from .flex_data import FlexObject
from .inputs import (
    Moment,
    checked_choice,
    checked_count,
    checked_id,
    checked_position,
    checked_text,
    checked_window,
)
from .models import Asset, AssetType, JsonObject, JsonValue
from .paging import is_beyond_last_page, page_query
from .parsing import asset, asset_type, copied_asset, page_of
from .record_parsing import asset_jobs, key_figures
from .records import AssetJob, KeyFigure
from .shapes import list_of
from .transport import Request
from .users import signed_in_user


class AssetCalls(Calls):
    """Assets: sites, devices and groups of them."""

    def __init__(self, connection: Connection) -> None:
        """Let only one change of attributes happen at a time: each is read, merged and written."""
        super().__init__(connection)
        self._merging_assets = asyncio.Lock()

    async def get_asset_types(self) -> tuple[AssetType, ...]:
        """Return the kinds of assets that this server knows."""
        request = Request(method="GET", path=f"{API}/assets/types")
        return await self._connection.call(request, list_of(asset_type))

    async def get_assets(
        self,
        *,
        account_id: int | None = None,
        root: int | None = None,
        depth: int | None = None,
        fields: Sequence[str] = DEFAULT_FIELDS,
        all_accessible: bool = False,
        include_public: bool = False,
        type_id: int | None = None,
        search: str | None = None,
        sort_by: str | None = None,
        sort_dir: str | None = None,
        page: int | None = None,
        per_page: int | None = None,
    ) -> tuple[Asset, ...]:
        """Return all assets of an account, or an asset and everything below it, in one request.

        Args:
            account_id: whose assets; without it and without `root`, those of the user's own account.
            root: the asset to begin with.
            depth: how many levels below the root; 0 for the root alone, all when None.
            fields: which of the fields that cost the server time to ask for, under its names:
                ``flex_context``, ``flex_model``, ``attributes``, ``latitude``, ``longitude``, and not by default
                ``description``, ``external_id``, ``sensors_to_show``, ``sensors_to_show_as_kpis``. What is not
                asked for is empty in the result.
            all_accessible: of all accounts that the user may read, and public assets.
            include_public: public assets too; the server ignores it together with `account_id`.
            type_id: only assets of this type, from `get_asset_types`.
            search: only assets whose names contain these words.
            sort_by: ``id``, ``name`` or ``owner``.
            sort_dir: ``asc`` or ``desc``.
            page: from 1 on; all at once when None. A page beyond the last one is empty.
            per_page: 10 when None.

        Raises:
            NotFoundError: there is no such account or root.
            PermissionDeniedError: the account's assets, or the root, are not for this user.
        """
        query = {"fields": asked_fields(fields)}
        if root is not None:
            query["root"] = str(checked_id(root, "root"))
        if depth is not None:
            query["depth"] = str(checked_count(depth, "depth", 0))
        if account_id is not None:
            query["account"] = str(checked_id(account_id, "account_id"))
        if all_accessible:
            query["all_accessible"] = "true"
        if include_public:
            query["include_public"] = "true"
        if type_id is not None:
            query["asset_type"] = str(checked_id(type_id, "type_id"))
        if search is not None:
            query["filter"] = checked_text(search, "search")
        if sort_by is not None:
            query["sort-by"] = checked_choice(sort_by, ("id", "name", "owner"), "sort_by")
        if sort_dir is not None:
            query["sort-dir"] = checked_choice(sort_dir, ("asc", "desc"), "sort_dir")
        query |= page_query(page, per_page)
        assets = await self._asset_list(query)
        if root is not None and is_older(await self._connection.version(), TREES_SINCE):
            # An older server overlooks the root, and lists the whole account.
            assets = subtree(assets, root, depth)
        if root is not None and not assets and not query.keys() & {"asset_type", "filter", "page"}:
            # The server leaves out what a user may not see, here even the root itself.
            raise PermissionDeniedError(
                f"asset {root} is not visible to this user",
                status=200,
                request=f"GET {API}/assets",
            )
        return assets

    async def get_public_assets(
        self, *, fields: Sequence[str] = DEFAULT_FIELDS
    ) -> tuple[Asset, ...]:
        """Return the public assets: what belongs to nobody, such as market prices.

        Args:
            fields: as for `get_assets`.
        """
        query = {"fields": asked_fields(fields)}
        request = Request(method="GET", path=f"{API}/assets/public", query=query)
        return await self._connection.call(request, list_of(asset))

    async def get_asset(self, asset_id: int) -> Asset:
        """Return one asset, with all its fields."""
        return await self._connection.call(Request(method="GET", path=_path(asset_id)), asset)

    async def add_asset(
        self,
        *,
        name: str,
        type_id: int,
        account_id: int | None = None,
        parent_id: int | None = None,
        latitude: float | None = None,
        longitude: float | None = None,
        description: str | None = None,
        external_id: str | None = None,
        flex_context: FlexObject | None = None,
        flex_model: FlexObject | None = None,
        attributes: JsonObject | None = None,
        sensors_to_show: Sequence[JsonValue] | None = None,
    ) -> Asset:
        """Create an asset; the server refuses a second one of the same name under the same parent.

        Args:
            name: not empty.
            type_id: from `get_asset_types`.
            account_id: the owner; the user's own account when None.
            parent_id: None for a top-level asset.
            latitude: degrees north.
            longitude: degrees east.
            description: words for people.
            external_id: the asset's name in another system.
            flex_context: stored for scheduling, in FlexMeasures' field names.
            flex_model: stored for scheduling, in FlexMeasures' field names.
            attributes: anything to keep there.
            sensors_to_show: the graphs of the asset's page, as the server describes them.
        """
        checked_position(latitude, longitude)
        body = asset_changes(
            None,
            name=name,
            type_id=checked_id(type_id, "type_id"),
            parent_id=parent_id,
            latitude=latitude,
            longitude=longitude,
            description=description,
            external_id=external_id,
            flex_context=flex_context,
            flex_model=flex_model,
            attributes=attributes,
            sensors_to_show=sensors_to_show,
        )
        if account_id is None:
            account_id = (await signed_in_user(self._connection)).account_id
        body["account_id"] = checked_id(account_id, "account_id")
        request = Request(method="POST", path=f"{API}/assets", body=body, repeatable=False)
        return await self._connection.call(request, asset)

    async def update_asset(
        self,
        asset_id: int,
        updates: Mapping[str, object] | None = None,
        *,
        name: str | None = None,
        parent_id: int | None = None,
        latitude: float | None = None,
        longitude: float | None = None,
        description: str | None = None,
        external_id: str | None = None,
        flex_context: FlexObject | None = None,
        flex_model: FlexObject | None = None,
        attributes: JsonObject | None = None,
        sensors_to_show: Sequence[JsonValue] | None = None,
    ) -> Asset:
        """Change what is given, and leave everything else as it is.

        Args:
            asset_id: the asset.
            updates: the same fields under the server's names, also with None to clear one.
            name: not empty.
            parent_id: the asset to move it below.
            latitude: degrees north.
            longitude: degrees east.
            description: words for people.
            external_id: the asset's name in another system.
            flex_context: replaces the whole stored flex-context.
            flex_model: replaces the whole stored flex-model.
            attributes: merged into the stored ones: others keep their values. Programs that do this at the same
                moment, other than through this client, may lose one of the changes.
            sensors_to_show: the graphs of the asset's page, as the server describes them.

        Raises:
            InvalidInputError: names the argument that is wrong; nothing was sent.
        """
        path = _path(asset_id)
        body = asset_changes(
            updates,
            name=name,
            parent_id=parent_id,
            latitude=latitude,
            longitude=longitude,
            description=description,
            external_id=external_id,
            flex_context=flex_context,
            flex_model=flex_model,
            attributes=attributes,
            sensors_to_show=sensors_to_show,
        )
        own = body.get("attributes")
        if not isinstance(own, dict):
            return await self._connection.call(Request(method="PATCH", path=path, body=body), asset)
        async with self._merging_assets:
            body["attributes"] = (await self.get_asset(asset_id)).attributes | own
            return await self._connection.call(Request(method="PATCH", path=path, body=body), asset)

    async def copy_asset(
        self, asset_id: int, *, account_id: int | None = None, parent_id: int | None = None
    ) -> Asset:
        """Copy an asset with all assets and sensors below it, without their values, and return the copy.

        Args:
            asset_id: what to copy.
            account_id: the new owner; the same one when None.
            parent_id: where to put the copy; where the original is when both are None.

        Raises:
            ServerTooOldError: the server is older than 0.33.0.
        """
        query = {}
        if account_id is not None:
            query["account"] = str(checked_id(account_id, "account_id"))
        if parent_id is not None:
            query["parent"] = str(checked_id(parent_id, "parent_id"))
        path = f"{_path(asset_id)}/copy"
        await self._connection.require(JOBS_SINCE, "copy_asset")
        request = Request(method="POST", path=path, query=query, repeatable=False)
        return await self.get_asset(await self._connection.call(request, copied_asset))

    async def delete_asset(self, asset_id: int) -> None:
        """Delete an asset with everything below it, values included. There is no way back."""
        await self._connection.answer(Request(method="DELETE", path=_path(asset_id)))

    async def get_kpis(self, asset_id: int, *, start: Moment, end: Moment) -> tuple[KeyFigure, ...]:
        """Summarise the sensors that the asset names in ``sensors_to_show_as_kpis``.

        Args:
            asset_id: the asset.
            start: with a time zone; begin of the span of time.
            end: with a time zone, and later.
        """
        begin, finish = checked_window(start, end, ("start", "end"))
        path = f"{_path(asset_id)}/kpis"
        request = Request(method="GET", path=path, query={"start": begin, "end": finish})
        return await self._connection.call(request, key_figures)

    async def get_asset_jobs(self, asset_id: int) -> tuple[AssetJob, ...]:
        """Return the recent jobs of an asset and of its sensors; the server forgets them after a day."""
        request = Request(method="GET", path=f"{_path(asset_id)}/jobs")
        return await self._connection.call(request, asset_jobs)

    async def _asset_list(self, query: Mapping[str, str]) -> tuple[Asset, ...]:
        query = await self._connection.list_query(query)
        request = Request(method="GET", path=f"{API}/assets", query=query)
        if "page" not in query:
            return await self._connection.call(request, list_of(asset))
        try:
            return await self._connection.call(request, page_of(asset))
        except NotFoundError as error:
            if is_beyond_last_page(error):
                return ()
            raise


def _path(asset_id: int) -> str:
    return f"{API}/assets/{checked_id(asset_id, 'asset_id')}"
