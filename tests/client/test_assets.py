"""Assets: what is asked, what is understood, what is refused."""

from collections.abc import Awaitable, Callable
import math

import pytest

from custom_components.flexmeasures.client import (
    Asset,
    AssetType,
    FlexMeasuresClient,
    NotFoundError,
    PermissionDeniedError,
    UnexpectedResponseError,
)

from .calls import assert_refused
from .fault_server import FaultServer, Reply

FIELDS = "id%7Cname%7Caccount_id%7Cgeneric_asset_type%7Cparent_asset_id%7Clatitude%7Clongitude%7Cflex_context%7Cflex_model%7Cattributes"

BUILDING = {
    "id": 2,
    "name": "home",
    "account_id": 1,
    "generic_asset_type": {"id": 6, "name": "building"},
    "parent_asset_id": None,
    "flex_context": '{"consumption-price": {"sensor": 1}}',
    "flex_model": "{}",
    "attributes": '{"note": [1, null]}',
}


async def test_a_tree_is_one_request(client: FlexMeasuresClient, server: FaultServer) -> None:
    """Root and all below it, with the JSON texts decoded."""
    battery = BUILDING | {
        "id": 3,
        "name": "battery",
        "generic_asset_type": {"id": 5, "name": "battery"},
        "parent_asset_id": 2,
        "flex_context": {},
        "flex_model": '{"soc-max": "10 kWh"}',
        "attributes": None,
    }
    server.script(Reply(body=[BUILDING, battery]))

    assets = await client.get_assets(root=2)

    assert assets == (
        Asset(
            id=2,
            name="home",
            type_name="building",
            account_id=1,
            parent_id=None,
            flex_context={"consumption-price": {"sensor": 1}},
            attributes={"note": [1, None]},
        ),
        Asset(
            id=3,
            name="battery",
            type_name="battery",
            account_id=1,
            parent_id=2,
            flex_model={"soc-max": "10 kWh"},
        ),
    )
    assert [request.target for request in server.requests] == [
        f"/api/v3_0/assets?fields={FIELDS}&root=2"
    ]


async def test_the_assets_of_an_account_are_one_request(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """An account may have none."""
    server.script(Reply(body=[]))

    assert await client.get_assets(account_id=1) == ()
    assert server.requests[0].target == f"/api/v3_0/assets?fields={FIELDS}&account=1"


async def test_an_invisible_root_is_a_matter_of_permission(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The server leaves out what a user may not see."""
    server.script(Reply(body=[]))

    with pytest.raises(PermissionDeniedError, match="asset 2 is not visible"):
        await client.get_assets(root=2)


async def test_an_unknown_root_is_not_found(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Although the server calls it a fault of the query."""
    message = {"query": {"root": ["No asset found with ID 99999."]}}
    server.script(Reply(status=422, body={"message": message, "status": "UNPROCESSABLE_ENTITY"}))

    with pytest.raises(NotFoundError, match=r"^root: No asset found with ID 99999\.$"):
        await client.get_assets(root=99999)


async def test_asset_types_are_read(client: FlexMeasuresClient, server: FaultServer) -> None:
    """Their numbers differ between servers."""
    server.script(Reply(body=[{"id": 5, "name": "battery", "description": "stationary battery"}]))

    assert await client.get_asset_types() == (AssetType(id=5, name="battery"),)
    assert server.requests[0].target == "/api/v3_0/assets/types"


async def test_an_asset_is_added_with_what_is_known(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Keys of the flex-context may be Python's."""
    server.script(Reply(status=201, body=BUILDING))

    asset = await client.add_asset(
        name="home",
        type_id=6,
        account_id=1,
        parent_id=9,
        latitude=52.0,
        longitude=0.0,
        flex_context={"site_power_capacity": "20 kVA"},
    )
    await client.add_asset(name="home", type_id=6, account_id=1)

    assert asset.id == 2
    assert [(request.method, request.target) for request in server.requests] == [
        ("POST", "/api/v3_0/assets")
    ] * 2
    assert server.requests[0].body == {
        "name": "home",
        "generic_asset_type_id": 6,
        "account_id": 1,
        "parent_asset_id": 9,
        "latitude": 52.0,
        "longitude": 0.0,
        "flex_context": {"site-power-capacity": "20 kVA"},
    }
    assert server.requests[1].body == {"name": "home", "generic_asset_type_id": 6, "account_id": 1}


async def test_a_flex_context_is_replaced(client: FlexMeasuresClient, server: FaultServer) -> None:
    """As a whole."""
    server.script(Reply(body=BUILDING | {"status": 200}))

    await client.update_asset(2, flex_context={"consumption-price": {"sensor": 1}})

    assert (server.requests[0].method, server.requests[0].target) == ("PATCH", "/api/v3_0/assets/2")
    assert server.requests[0].body == {"flex_context": {"consumption-price": {"sensor": 1}}}


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda client: client.get_asset(0), "asset_id"),
        (lambda client: client.get_asset(-1), "asset_id"),
        (lambda client: client.get_asset(True), "asset_id"),
        (lambda client: client.get_asset("3/../4"), "asset_id"),
        (lambda client: client.get_assets(root=0), "root"),
        (lambda client: client.get_assets(account_id=0), "account_id"),
        (lambda client: client.get_account(0), "account_id"),
        (lambda client: client.add_asset(name=" ", type_id=1, account_id=1), "name"),
        (lambda client: client.add_asset(name="\ud800", type_id=1, account_id=1), "request"),
        (lambda client: client.add_asset(name="a", type_id=0, account_id=1), "type_id"),
        (lambda client: client.add_asset(name="a", type_id=1, account_id=0), "account_id"),
        (
            lambda client: client.add_asset(name="a", type_id=1, account_id=1, parent_id=0),
            "parent_id",
        ),
        (
            lambda client: client.add_asset(name="a", type_id=1, account_id=1, latitude=1.0),
            "longitude",
        ),
        (
            lambda client: client.add_asset(
                name="a", type_id=1, account_id=1, latitude=91.0, longitude=0.0
            ),
            "latitude",
        ),
        (
            lambda client: client.add_asset(
                name="a", type_id=1, account_id=1, latitude=0.0, longitude=math.nan
            ),
            "longitude",
        ),
        (lambda client: client.update_asset(1), "updates"),
        (lambda client: client.update_asset(1, []), "updates"),
        (lambda client: client.update_asset(1, {"sensors": []}), "updates"),
        (lambda client: client.update_asset(1, {"name": None}), "name"),
        (lambda client: client.update_asset(1, {"name": "a"}, name="b"), "name"),
        (lambda client: client.update_asset(1, {"latitude": "52"}), "latitude"),
        (lambda client: client.update_asset(1, attributes={1: 2}), "attributes"),
        (lambda client: client.update_asset(1, parent_id=0), "parent_id"),
        (lambda client: client.update_asset(1, flex_context=[]), "flex_context"),
        (lambda client: client.get_assets(root=1, depth=-1), "depth"),
        (lambda client: client.get_assets(fields="name"), "fields"),
        (lambda client: client.get_assets(fields=["secrets"]), "fields"),
        (lambda client: client.get_assets(page=0), "page"),
        (lambda client: client.get_assets(per_page=5), "per_page"),
        (lambda client: client.get_assets(page=1, per_page=0), "per_page"),
        (lambda client: client.get_assets(sort_by="age"), "sort_by"),
        (lambda client: client.get_assets(sort_dir="up"), "sort_dir"),
        (lambda client: client.get_assets(search=""), "search"),
        (lambda client: client.get_assets(type_id=0), "type_id"),
        (lambda client: client.copy_asset(1, parent_id=0), "parent_id"),
        (lambda client: client.delete_asset(0), "asset_id"),
        (lambda client: client.get_asset_jobs(0), "asset_id"),
        (
            lambda client: client.get_kpis(1, start="2026-03-02T00:00Z", end="2026-03-01T00:00Z"),
            "end",
        ),
        (
            lambda client: client.update_asset(1, flex_context={"a": math.inf}),
            "flex_context a",
        ),
    ],
)
async def test_wrong_input_is_refused_before_anything_is_sent(
    call: Callable[[FlexMeasuresClient], Awaitable[object]],
    field: str,
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """With the name of the argument."""
    await assert_refused(call(client), field, server)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"id": "2"}, "id is a text instead of a whole number"),
        ({"id": True}, "id is a truth value"),
        ({"name": None}, "name is nothing instead of a text"),
        ({"generic_asset_type": None}, "an object was expected, not nothing"),
        ({"account_id": 1.5}, "account_id is a number instead of a whole number"),
        ({"attributes": "{"}, "attributes holds broken JSON"),
        ({"flex_model": "[]"}, "an object was expected, not a list"),
    ],
)
async def test_an_asset_of_another_shape_is_an_unexpected_answer(
    change: dict[str, object], text: str, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The text names the field."""
    server.script(Reply(body=BUILDING | change))

    with pytest.raises(UnexpectedResponseError, match=text) as caught:
        await client.get_asset(2)

    assert caught.value.request == "GET /api/v3_0/assets/2"
