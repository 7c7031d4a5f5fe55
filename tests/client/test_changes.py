"""Assets and sensors in lists and pages, changed, copied, deleted."""

import asyncio

import pytest

from custom_components.flexmeasures.client import (
    FlexMeasuresClient,
    InvalidInputError,
    NotFoundError,
)

from .fault_server import FaultServer, Reply

ASSET = {
    "id": 2,
    "name": "home",
    "account_id": 1,
    "generic_asset_type": {"id": 6, "name": "building"},
    "parent_asset_id": None,
    "attributes": '{"kept": 1, "changed": 2}',
}
SENSOR = {
    "id": 5,
    "name": "power",
    "unit": "kW",
    "event_resolution": "PT15M",
    "timezone": "UTC",
    "generic_asset_id": 2,
    "attributes": '{"kept": 1, "changed": 2}',
}
NO_PAGE = Reply(status=404, body={"message": "The requested URL was not found on the server."})


async def test_every_filter_goes_to_the_server(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """In the server's names; what is not asked for is not sent."""
    server.script(Reply(body={"data": [ASSET], "num-records": 1, "filtered-records": 1}))

    [asset] = await client.get_assets(
        account_id=1,
        root=2,
        depth=0,
        fields=["description"],
        all_accessible=True,
        include_public=True,
        type_id=6,
        search="ho me",
        sort_by="name",
        sort_dir="desc",
        page=2,
        per_page=20,
    )

    assert asset.id == 2
    assert server.requests[0].query == {
        "fields": "id|name|account_id|generic_asset_type|parent_asset_id|description",
        "account": "1",
        "root": "2",
        "depth": "0",
        "all_accessible": "true",
        "include_public": "true",
        "asset_type": "6",
        "filter": "ho me",
        "sort-by": "name",
        "sort-dir": "desc",
        "page": "2",
        "per-page": "20",
    }


async def test_every_filter_of_sensors_goes_to_the_server(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Without any, the sensors of the user's account."""
    server.script(Reply(body=[SENSOR]), Reply(body={"data": [SENSOR]}))

    assert len(await client.get_sensors()) == 1
    assert len(await client.get_sensors(account_id=1, search="p", unit="kW", page=1, per_page=5))

    assert [request.query for request in server.requests] == [
        {},
        {"account": "1", "filter": "p", "unit": "kW", "page": "1", "per-page": "5"},
    ]


async def test_a_page_beyond_the_last_one_is_empty(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The server says that there is no such address; of an account it would say that there is none."""
    server.script(NO_PAGE)

    assert await client.get_assets(page=9) == ()
    assert await client.get_sensors(page=9) == ()

    server.script(Reply(status=404, body={"message": "Account 7 not found"}))
    with pytest.raises(NotFoundError):
        await client.get_assets(account_id=7, page=1)
    with pytest.raises(NotFoundError):
        await client.get_sensors(account_id=7, page=1)


async def test_attributes_are_merged_into_the_stored_ones(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The server would replace them as a whole."""
    server.script(Reply(body=ASSET), Reply(body=ASSET), Reply(body=SENSOR), Reply(body=SENSOR))

    await client.update_asset(2, name="house", attributes={"changed": 3, "new": None})
    await client.update_sensor(5, {"attributes": {"changed": 3}}, unit="W")

    merged = {"kept": 1, "changed": 3}
    assert [(request.method, request.target) for request in server.requests] == [
        ("GET", "/api/v3_0/assets/2"),
        ("PATCH", "/api/v3_0/assets/2"),
        ("GET", "/api/v3_0/sensors/5"),
        ("PATCH", "/api/v3_0/sensors/5"),
    ]
    assert server.requests[1].body == {"name": "house", "attributes": merged | {"new": None}}
    assert server.requests[3].body == {"attributes": merged, "unit": "W"}


async def test_merges_do_not_overtake_each_other(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Two at the same time: each reads what the one before has written."""
    server.script(Reply(body=ASSET))

    await asyncio.gather(*(client.update_asset(2, attributes={"n": n}) for n in range(3)))

    assert [request.method for request in server.requests] == ["GET", "PATCH"] * 3


async def test_other_changes_are_one_request(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """None clears what is named under the server's name; as an argument it is nothing."""
    server.script(Reply(body=ASSET))

    await client.update_asset(
        2, {"description": None, "parent_asset_id": 3}, latitude=1.5, flex_model={"soc_min": 0}
    )

    assert [request.body for request in server.requests] == [
        {"description": None, "parent_asset_id": 3, "latitude": 1.5, "flex_model": {"soc-min": 0}}
    ]


@pytest.mark.parametrize(
    ("updates", "arguments", "field"),
    [
        (None, {}, "updates"),
        ({"id": 3}, {}, "updates"),
        ([], {}, "updates"),
        ({"unit": ""}, {}, "unit"),
        ({"unit": "W"}, {"unit": "kW"}, "unit"),
        ({"event_resolution": "-PT1H"}, {}, "resolution"),
        (None, {"resolution": "1 h"}, "resolution"),
        (None, {"attributes": 1}, "attributes"),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(
    updates: object,
    arguments: dict[str, object],
    field: str,
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """Before anything is sent."""
    with pytest.raises(InvalidInputError) as caught:
        await client.update_sensor(5, updates, **arguments)  # type: ignore[arg-type]

    assert caught.value.field == field
    assert server.requests == []


async def test_a_copy_is_returned(client: FlexMeasuresClient, server: FaultServer) -> None:
    """The server only names it."""
    server.script(Reply(status=201, body={"asset": 2, "message": "Copied."}), Reply(body=ASSET))

    assert (await client.copy_asset(9, account_id=1, parent_id=8)).id == 2
    assert [request.target for request in server.requests] == [
        "/api/v3_0/assets/9/copy?account=1&parent=8",
        "/api/v3_0/assets/2",
    ]


async def test_an_asset_belongs_to_the_user_s_account_unless_said_otherwise(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Without an owner it would be public, which only the server's operator may make."""
    user = {"id": 7, "email": "a@b.c", "username": "a", "account_id": 33, "timezone": "UTC"}
    server.script(Reply(body=user), Reply(status=201, body=ASSET))

    await client.add_asset(name="home", type_id=6, attributes={}, description="")

    assert server.requests[1].body == {
        "name": "home",
        "generic_asset_type_id": 6,
        "account_id": 33,
        "attributes": {},
        "description": "",
    }


async def test_things_are_deleted(client: FlexMeasuresClient, server: FaultServer) -> None:
    """The answer is empty."""
    server.script(Reply(status=204, body=b"", content_type=""))

    await client.delete_asset(2)
    await client.delete_sensor(5)
    await client.delete_sensor_data(5)
    await client.delete_sensor_data(5, start="2026-03-01T12:00Z")
    await client.delete_sensor_data(
        5, source=3, start="2026-03-01T12:00Z", until="2026-03-01T13:00Z"
    )
    await client.delete_sensor_data(5, until="2026-03-01T13:00Z")

    assert [(request.method, request.target) for request in server.requests] == [
        ("DELETE", "/api/v3_0/assets/2"),
        ("DELETE", "/api/v3_0/sensors/5"),
        *[("DELETE", "/api/v3_0/sensors/5/data")] * 4,
    ]
    noon, one = "2026-03-01T12:00:00+00:00", "2026-03-01T13:00:00+00:00"
    assert [request.body for request in server.requests[2:]] == [
        {},
        {"start": noon},
        {"source": 3, "start": noon, "until": one},
        {"until": one},
    ]
