"""Calls about assets and their types."""

from .connection import API, Calls
from .errors import PermissionDeniedError
from .flex_data import FlexObject, flex_object
from .inputs import checked_id, checked_position, checked_text
from .models import Asset, AssetType
from .parsing import asset, asset_type, list_of
from .transport import Request

# Servers that announce the end of this API version list only a few fields unless they are asked for.
_FIELDS = "id|name|account_id|generic_asset_type|parent_asset_id|flex_context|flex_model|attributes"


class AssetCalls(Calls):
    """Assets: sites, devices and groups of them."""

    async def get_asset_types(self) -> tuple[AssetType, ...]:
        """Return the kinds of assets that this server knows."""
        request = Request(method="GET", path=f"{API}/assets/types")
        return await self._connection.call(request, list_of(asset_type))

    async def get_assets(
        self, *, account_id: int | None = None, root: int | None = None
    ) -> tuple[Asset, ...]:
        """Return all assets of an account, or an asset and everything below it, in one request.

        Args:
            account_id: whose assets; without it and without `root`, those of the user's own account.
            root: the asset to begin with.

        Raises:
            NotFoundError: there is no such account or root.
            PermissionDeniedError: the account's assets, or the root, are not for this user.
        """
        query = {"fields": _FIELDS}
        if account_id is not None:
            query["account"] = str(checked_id(account_id, "account_id"))
        if root is not None:
            query["root"] = str(checked_id(root, "root"))
        request = Request(method="GET", path=f"{API}/assets", query=query)
        assets = await self._connection.call(request, list_of(asset))
        if root is not None and not assets:
            # The server leaves out what a user may not see, here even the root itself.
            raise PermissionDeniedError(
                f"asset {root} is not visible to this user", status=200, request=request.name
            )
        return assets

    async def get_asset(self, asset_id: int) -> Asset:
        """Return one asset."""
        path = f"{API}/assets/{checked_id(asset_id, 'asset_id')}"
        return await self._connection.call(Request(method="GET", path=path), asset)

    async def add_asset(
        self,
        *,
        name: str,
        type_id: int,
        account_id: int,
        parent_id: int | None = None,
        latitude: float | None = None,
        longitude: float | None = None,
        flex_context: FlexObject | None = None,
    ) -> Asset:
        """Create an asset; the server refuses a second one of the same name under the same parent.

        Args:
            name: not empty.
            type_id: from `get_asset_types`.
            account_id: the owner.
            parent_id: None for a top-level asset.
            latitude: degrees north.
            longitude: degrees east.
            flex_context: stored for scheduling, in FlexMeasures' field names.
        """
        checked_position(latitude, longitude)
        body: dict[str, object] = {
            "name": checked_text(name, "name"),
            "generic_asset_type_id": checked_id(type_id, "type_id"),
            "account_id": checked_id(account_id, "account_id"),
        }
        if parent_id is not None:
            body["parent_asset_id"] = checked_id(parent_id, "parent_id")
        if latitude is not None:
            body |= {"latitude": latitude, "longitude": longitude}
        if flex_context is not None:
            body["flex_context"] = flex_object(flex_context, "flex_context")
        request = Request(method="POST", path=f"{API}/assets", body=body, repeatable=False)
        return await self._connection.call(request, asset)

    async def update_asset(self, asset_id: int, *, flex_context: FlexObject) -> Asset:
        """Replace the whole flex-context that the server stores for an asset."""
        path = f"{API}/assets/{checked_id(asset_id, 'asset_id')}"
        body = {"flex_context": flex_object(flex_context, "flex_context")}
        return await self._connection.call(Request(method="PATCH", path=path, body=body), asset)
