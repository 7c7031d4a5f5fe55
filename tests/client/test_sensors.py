"""Sensors and their values."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
import math
from typing import Any

import pytest

from custom_components.flexmeasures.client import (
    FlexMeasuresClient,
    InvalidInputError,
    NotFoundError,
    PostedData,
    Sensor,
    SensorData,
    UnexpectedResponseError,
    ValidationError,
)

from .fault_server import FaultServer, Reply

START = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=1)))
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
NAIVE = START.replace(tzinfo=None)

POWER = {
    "id": 2,
    "name": "power",
    "unit": "kW",
    "event_resolution": "PT15M",
    "timezone": "Europe/Amsterdam",
    "generic_asset_id": 3,
    "attributes": '{"consumption_is_positive": true}',
    "entity_address": "ea1.2026-12.localhost:fm1.2",
}
DATA = {
    "values": [1, None, -0.0, 2.5],
    "start": "2026-03-01T12:00:00+01:00",
    "duration": "PT1H",
    "unit": "kW",
    "resolution": "PT15M",
    "status": "PROCESSED",
    "message": "Request has been processed.",
}


async def test_the_sensors_of_a_site_are_one_request(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The whole tree, and public prices when asked for."""
    instantaneous = POWER | {"id": 4, "event_resolution": "P0D", "attributes": "{}"}
    server.script(Reply(body=[POWER, instantaneous]))

    power, level = await client.get_sensors(asset_id=1, include_public=True)
    await client.get_sensors(asset_id=1)

    assert power == Sensor(
        id=2,
        name="power",
        unit="kW",
        resolution=QUARTER,
        timezone="Europe/Amsterdam",
        asset_id=3,
        attributes={"consumption_is_positive": True},
    )
    assert (power.consumption_is_positive, power.is_instantaneous) == (True, False)
    assert (level.consumption_is_positive, level.is_instantaneous) == (False, True)
    assert [request.target for request in server.requests] == [
        "/api/v3_0/sensors?asset=1&include_public_assets=true",
        "/api/v3_0/sensors?asset=1",
    ]


async def test_an_unknown_sensor_is_not_found(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Although the server calls it a fault of the path."""
    message = {"path": {"id": ["No sensor found with ID 9."]}}
    server.script(Reply(status=422, body={"message": message, "status": "UNPROCESSABLE_ENTITY"}))

    with pytest.raises(NotFoundError, match="No sensor found with ID 9"):
        await client.get_sensor(9)


async def test_a_sensor_is_added(client: FlexMeasuresClient, server: FaultServer) -> None:
    """Resolution zero is for instantaneous readings."""
    server.script(Reply(status=201, body=POWER))

    await client.add_sensor(
        asset_id=3,
        name="power",
        unit="kW",
        resolution=QUARTER,
        timezone="Europe/Paris",
        attributes={"consumption_is_positive": True},
    )
    await client.add_sensor(asset_id=3, name="level", unit="%", resolution=timedelta())

    assert [request.body for request in server.requests] == [
        {
            "generic_asset_id": 3,
            "name": "power",
            "unit": "kW",
            "event_resolution": "PT15M",
            "timezone": "Europe/Paris",
            "attributes": {"consumption_is_positive": True},
        },
        {"generic_asset_id": 3, "name": "level", "unit": "%", "event_resolution": "PT0S"},
    ]


@pytest.mark.parametrize(
    ("reply", "receipt"),
    [
        (Reply(status=202, body={"status": "ACCEPTED", "job": "abc"}), PostedData(job_id="abc")),
        (Reply(body={"status": "PROCESSED"}), PostedData(job_id=None)),
    ],
)
async def test_values_are_posted_with_their_unit(
    reply: Reply, receipt: PostedData, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The receipt names the job that has yet to store them."""
    server.script(reply)

    posted = await client.post_sensor_data(
        2,
        start=START,
        duration=HOUR,
        values=[1, None, -0.5, 2.25],
        unit="kW",
        prior=START + HOUR,
    )

    assert posted == receipt
    assert server.requests[0].target == "/api/v3_0/sensors/2/data"
    assert server.requests[0].body == {
        "start": "2026-03-01T12:00:00+01:00",
        "duration": "PT1H",
        "values": [1.0, None, -0.5, 2.25],
        "unit": "kW",
        "prior": "2026-03-01T13:00:00+01:00",
    }


async def test_one_instantaneous_value_has_no_duration(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """As FlexMeasures wants it."""
    server.script(Reply(body={"status": "PROCESSED"}))

    await client.post_sensor_data(2, start=START, duration=timedelta(), values=[50], unit="%")

    assert (server.requests[0].body["duration"], server.requests[0].body["values"]) == (
        "PT0S",
        [50],
    )


def posting(**change: Any) -> Callable[[FlexMeasuresClient], Awaitable[object]]:
    """Return a call that posts good values, but for one argument."""
    arguments: dict[str, Any] = {
        "start": START,
        "duration": HOUR,
        "values": [1.0, 2.0],
        "unit": "kW",
    } | change
    return lambda client: client.post_sensor_data(arguments.pop("sensor_id", 2), **arguments)


def reading(**change: Any) -> Callable[[FlexMeasuresClient], Awaitable[object]]:
    """Return a call that reads a window, but for one argument."""
    arguments: dict[str, Any] = {"start": START, "duration": HOUR, "unit": "kW"} | change
    return lambda client: client.get_sensor_data(arguments.pop("sensor_id", 2), **arguments)


def adding(**change: Any) -> Callable[[FlexMeasuresClient], Awaitable[object]]:
    """Return a call that adds a sensor, but for one argument."""
    arguments: dict[str, Any] = {
        "asset_id": 3,
        "name": "power",
        "unit": "kW",
        "resolution": QUARTER,
    } | change
    return lambda client: client.add_sensor(**arguments)


@pytest.mark.parametrize(
    ("call", "field", "reason"),
    [
        (posting(sensor_id=0), "sensor_id", "positive whole number"),
        (posting(start=NAIVE), "start", "time zone"),
        (posting(start="2026-03-01"), "start", "time zone"),
        (posting(start="2026-03-01T12:00"), "start", "time zone"),
        (posting(start="noon"), "start", "ISO 8601"),
        (posting(start=START.date()), "start", "date with a time"),
        (posting(prior=NAIVE), "prior", "time zone"),
        (posting(values=[]), "values", "at least one number"),
        (posting(values="12"), "values", "must be numbers"),
        (posting(values=[None, None]), "values", "not missing"),
        (posting(values=[1.0, math.nan]), "values", "finite"),
        (posting(values=[1.0, math.inf]), "values", "finite"),
        (posting(values=[1.0, 10**400]), "values", "finite"),
        (posting(values=[1.0, True]), "values", "numbers and gaps"),
        (posting(values=[1.0, "2"]), "values", "numbers and gaps"),
        (posting(duration=timedelta()), "duration", "single value"),
        (posting(duration=-HOUR), "duration", "longer than zero"),
        (posting(duration=timedelta(microseconds=3)), "duration", "evenly among 2 values"),
        (posting(duration=3600), "duration", "length of time"),
        (posting(duration="1 hour"), "duration", "not an ISO 8601 duration"),
        (posting(duration="P1M"), "duration", "no fixed length"),
        (posting(prior=START, horizon=HOUR), "horizon", "same as prior"),
        (posting(horizon="soon"), "horizon", "not an ISO 8601 duration"),
        (posting(unit=""), "unit", "empty"),
        (posting(unit=" "), "unit", "empty"),
        (reading(sensor_id=-2), "sensor_id", "positive whole number"),
        (reading(start=NAIVE), "start", "time zone"),
        (reading(duration=timedelta()), "duration", "longer than zero"),
        (reading(unit=""), "unit", "empty"),
        (reading(resolution=timedelta()), "resolution", "longer than zero"),
        (reading(source=0), "source", "positive whole number"),
        (reading(source_type=""), "source_type", "empty"),
        (reading(source_account=True), "source_account", "positive whole number"),
        (reading(prior="2026-03-01T12:00"), "prior", "time zone"),
        (reading(horizon=1), "horizon", "length of time"),
        (adding(asset_id=0), "asset_id", "positive whole number"),
        (adding(name=""), "name", "empty"),
        (adding(unit=""), "unit", "empty"),
        (adding(attributes=[1]), "attributes", "an object"),
        (adding(resolution=-QUARTER), "resolution", "negative"),
        (adding(timezone=""), "timezone", "empty"),
    ],
)
async def test_wrong_input_is_refused_before_anything_is_sent(
    call: Callable[[FlexMeasuresClient], Awaitable[object]],
    field: str,
    reason: str,
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """With the name of the argument and the reason."""
    with pytest.raises(InvalidInputError, match=reason) as caught:
        await call(client)

    assert caught.value.field == field
    assert server.requests == []


async def test_values_are_read_with_the_answers_own_grid(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """In UTC, gaps as None, no minus zero; the plus sign of the time zone arrives as such."""
    server.script(Reply(body=DATA))

    data = await client.get_sensor_data(
        2, start=START, duration=HOUR, unit="kW", resolution=QUARTER
    )

    assert data == SensorData(
        sensor_id=2,
        start=datetime(2026, 3, 1, 11, tzinfo=UTC),
        resolution=QUARTER,
        unit="kW",
        values=(1.0, None, 0.0, 2.5),
    )
    assert math.copysign(1, data.values[2] or 0.0) == 1
    assert data.start.tzinfo is UTC
    assert server.requests[0].query == {
        "start": "2026-03-01T12:00:00+01:00",
        "duration": "PT1H",
        "unit": "kW",
        "resolution": "PT15M",
    }


@pytest.mark.parametrize("resolution", [{}, {"resolution": "PT0H"}])
async def test_a_grid_that_is_not_stated_follows_from_the_number_of_values(
    resolution: dict[str, str], client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Instantaneous sensors have resolution zero and yet come on a grid."""
    body = {key: value for key, value in DATA.items() if key != "resolution"} | resolution
    server.script(Reply(body=body))

    data = await client.get_sensor_data(2, start=START, duration=HOUR, unit="kW")

    assert data.resolution == QUARTER
    assert "resolution" not in server.requests[0].query


async def test_numbers_that_are_none_are_gaps(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Python servers can write NaN, and numbers larger than any."""
    body = b'{"values": [NaN, Infinity, 1], "start": "2026-03-01T12:00Z", "duration": "PT3H", "unit": "W"}'
    server.script(Reply(body=body))

    data = await client.get_sensor_data(2, start=START, duration=HOUR, unit="W")

    assert data.values == (None, None, 1.0)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"values": None}, "values is nothing instead of a list"),
        ({"values": ["1"]}, "values holds a text instead of a number"),
        ({"values": [True]}, "values holds a truth value instead of a number"),
        ({"start": "2026-03-01T12:00:00"}, "start is no moment with a time zone"),
        ({"start": "yesterday"}, "start is no moment with a time zone"),
        ({"start": "0001-01-01T00:00:00+12:00"}, "start is no moment with a time zone"),
        ({"resolution": "P1M"}, "resolution: .* years or months"),
        ({"resolution": "-PT1H"}, "resolution is negative"),
        ({"unit": 1}, "unit is a number instead of a text"),
    ],
)
async def test_values_of_another_shape_are_an_unexpected_answer(
    change: dict[str, object], text: str, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The text names the field."""
    server.script(Reply(body=DATA | change))

    with pytest.raises(UnexpectedResponseError, match=text):
        await client.get_sensor_data(2, start=START, duration=HOUR, unit="kW")


async def test_a_refused_unit_is_a_validation_error(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The server's place names are for code, its sentence is for people."""
    sentence = "Required unit for this sensor is kW, got incompatible unit: EUR"
    message = {"combined_sensor_data_description": {"_schema": [sentence]}}
    server.script(Reply(status=422, body={"message": message, "status": "UNPROCESSABLE_ENTITY"}))

    with pytest.raises(ValidationError) as caught:
        await client.get_sensor_data(2, start=START, duration=HOUR, unit="EUR")

    assert str(caught.value) == sentence
    assert caught.value.fields[0].path == ("combined_sensor_data_description", "_schema")
