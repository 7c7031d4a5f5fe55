"""What a schedule trigger asks for, and which sensors its schedule is fetched for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.flexmeasures.client import (
    FlexContext,
    FlexMeasuresClient,
    FlexObject,
    FlexPart,
    InvalidInputError,
    SensorReference,
    StorageFlexModel,
    TimedValue,
)

from .fault_server import FaultServer, Received, Reply

ID = "0febaae9-373e-4dd5-9c45-a7884d585f0e"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)

NO_ASSETS = Reply(body=[])
TRIGGERED = Reply(status=202, body={"status": "ACCEPTED", "job": ID, "schedule": ID})
FINISHED = Reply(body={"status": "FINISHED", "message": "Done."})
SCHEDULE = Reply(
    body={"values": [1, 2], "start": "2026-03-01T12:00Z", "duration": "PT1H", "unit": "kW"}
)


def stored(asset_id: int, flex_model: object) -> dict[str, object]:
    """An asset as the server lists it."""
    return {
        "id": asset_id,
        "name": f"Asset {asset_id}",
        "account_id": 1,
        "generic_asset_type": {"id": 5, "name": "battery"},
        "parent_asset_id": None if asset_id == 1 else 1,
        "flex_model": flex_model,
    }


SITE = stored(1, {})
BATTERY = stored(2, {"consumption": {"sensor": 21}, "production": {"sensor": 22}})
HEAT_PUMP = stored(3, '{"consumption": {"sensor": 31}, "power-capacity": "3 kW"}')
UNHEARD = stored(4, {"state-of-charge": {"sensor": 41}})


def triggers(server: FaultServer) -> list[Received]:
    """The triggers among the requests."""
    return [request for request in server.requests if request.method == "POST"]


def fetched(server: FaultServer) -> list[str]:
    """The sensors whose schedules were fetched."""
    return [
        request.path.split("/")[4] for request in server.requests if "/schedules/0" in request.path
    ]


async def test_a_minimal_trigger_sends_nothing_that_was_not_given(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Not even an empty flex-model."""
    server.script(NO_ASSETS, TRIGGERED, NO_ASSETS, TRIGGERED)

    assert await client.trigger_schedule(3, start=START, duration=HOUR) == ID
    assert await client.trigger_schedule(
        3, start="2026-03-01T12:00Z", duration="PT60M", flex_model=[]
    )

    triggers = [request for request in server.requests if request.method == "POST"]
    assert [request.target for request in triggers] == ["/api/v3_0/assets/3/schedules/trigger"] * 2
    assert [request.body for request in triggers] == [
        {"start": "2026-03-01T12:00:00+00:00", "duration": "PT1H"}
    ] * 2


async def test_a_full_trigger_sends_what_the_server_reads(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Keys in kebab-case, moments and lengths in ISO 8601, empty lists nowhere, texts untouched."""
    server.script(TRIGGERED)

    await client.trigger_schedule(
        3,
        start=START,
        duration=HOUR,
        flex_model={
            "sensor": 2,
            "soc_at_start": "2 kWh",
            "soc-targets": [],
            "soc_minima": [
                {"value": "5 kWh", "datetime": START + HOUR, "duration": QUARTER},
                {"value": 5, "start": START, "end": START + HOUR},
            ],
            "prefer_charging_sooner": False,
        },
        flex_context=[
            {
                "commodity": "electricity",
                "commitments": [{"name": "my_peak_commitment", "up_price": "1 EUR/kWh"}],
                "inflexible-consumption": (),
            }
        ],
        prior=START - HOUR,
        resolution=QUARTER,
        force_new_job_creation=True,
    )

    assert server.requests[0].body == {
        "start": "2026-03-01T12:00:00+00:00",
        "duration": "PT1H",
        "flex-model": [
            {
                "sensor": 2,
                "soc-at-start": "2 kWh",
                "soc-minima": [
                    {
                        "value": "5 kWh",
                        "datetime": "2026-03-01T13:00:00+00:00",
                        "duration": "PT15M",
                    },
                    {
                        "value": 5,
                        "start": "2026-03-01T12:00:00+00:00",
                        "end": "2026-03-01T13:00:00+00:00",
                    },
                ],
                "prefer-charging-sooner": False,
            }
        ],
        "flex-context": [
            {
                "commodity": "electricity",
                "commitments": [{"name": "my_peak_commitment", "up-price": "1 EUR/kWh"}],
            }
        ],
        "prior": "2026-03-01T11:00:00+00:00",
        "resolution": "PT15M",
        "force-new-job-creation": True,
    }


async def test_typed_models_are_sent_like_dictionaries(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Only with what was given, and with what a newer server knows."""
    server.script(TRIGGERED)

    await client.trigger_schedule(
        3,
        start=START,
        duration=HOUR,
        flex_model=StorageFlexModel(
            sensor=2,
            soc_at_start="5 kWh",
            soc_targets=[
                TimedValue(value="9 kWh", datetime=START),
                TimedValue(value="9 kWh", start="2026-03-01T12:00Z", duration=HOUR),
            ],
            soc_minima=[],
            consumption_capacity=SensorReference(sensor=7, default="5 kW"),
            prefer_charging_sooner=False,
            extra={"brand_new": 1},
        ),
        flex_context=FlexContext(
            consumption_price=SensorReference(sensor=8, source_types=["forecaster"]),
            inflexible_consumption=[SensorReference(sensor=9)],
        ),
    )

    moment = "2026-03-01T12:00:00+00:00"
    assert triggers(server)[0].body["flex-model"] == [
        {
            "sensor": 2,
            "soc-at-start": "5 kWh",
            "soc-targets": [
                {"value": "9 kWh", "datetime": moment},
                {"value": "9 kWh", "start": moment, "duration": "PT1H"},
            ],
            "consumption-capacity": {"sensor": 7, "default": "5 kW"},
            "prefer-charging-sooner": False,
            "brand-new": 1,
        }
    ]
    assert triggers(server)[0].body["flex-context"] == {
        "consumption-price": {"sensor": 8, "source-types": ["forecaster"]},
        "inflexible-consumption": [{"sensor": 9}],
    }


@pytest.mark.parametrize(
    ("part", "arguments", "field"),
    [
        (TimedValue, {"value": 1}, "datetime"),
        (TimedValue, {"value": 1, "start": START}, "datetime"),
        (TimedValue, {"value": 1, "datetime": START, "end": START}, "datetime"),
        (TimedValue, {"value": 1, "datetime": "2026-03-01T12:00"}, "datetime"),
        (TimedValue, {"value": 1, "start": START, "duration": "PT0S"}, "duration"),
        (SensorReference, {"sensor": 0}, "sensor"),
        (StorageFlexModel, {"sensor": "2"}, "sensor"),
        (StorageFlexModel, {"asset": -1}, "asset"),
    ],
)
def test_typed_parts_refuse_what_makes_no_sense(
    part: Callable[..., FlexPart], arguments: dict[str, object], field: str
) -> None:
    """When they are made, where a person can see which one it was."""
    with pytest.raises(InvalidInputError) as caught:
        part(**arguments)

    assert caught.value.field == field


async def test_the_only_device_is_triggered_on_its_asset(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The trigger by sensor is deprecated; the result is the same."""
    sensor = {
        "id": 21,
        "name": "power",
        "unit": "kW",
        "event_resolution": "PT15M",
        "timezone": "UTC",
        "generic_asset_id": 2,
        "attributes": "{}",
    }
    server.script(Reply(body=sensor), TRIGGERED, FINISHED, SCHEDULE)

    result = await client.trigger_and_get_schedule(
        sensor_id=21, start=START, duration=HOUR, flex_model={"soc_at_start": "1 kWh"}
    )

    assert [schedule.sensor_id for schedule in result.schedules] == [21]
    assert result.for_sensor(21) is result.schedules[0]
    with pytest.raises(KeyError):
        result.for_sensor(22)
    assert server.requests[0].target == "/api/v3_0/sensors/21"
    assert triggers(server)[0].target == "/api/v3_0/assets/2/schedules/trigger"
    assert triggers(server)[0].body["flex-model"] == [{"sensor": 21, "soc-at-start": "1 kWh"}]
    assert "unit" not in server.requests[-1].query


@pytest.mark.parametrize(
    ("models", "sensors"),
    [
        ([{"sensor": 21}, {"sensor": 31}], ["21", "31"]),
        ([{"sensor": 31, "asset": 2}], ["31"]),
        ([{"asset": 2}, {"sensor": 31}], ["21", "22", "31"]),
        ([{"asset": 2, "consumption": {"sensor": 99}}, {"asset": 3}], ["99", "31"]),
        (None, ["21", "22", "31"]),
    ],
)
async def test_sensors_are_found_in_models_and_in_the_tree(
    models: list[FlexObject] | None,
    sensors: list[str],
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """What a request says comes before what the server stores; each sensor once, device by device."""
    tree = Reply(body=[SITE, BATTERY, HEAT_PUMP, UNHEARD])
    named = models is not None and all("sensor" in model for model in models)  # type: ignore[operator]
    server.script(*(() if named else (tree,)), TRIGGERED, FINISHED, SCHEDULE)

    await client.trigger_and_get_schedule(1, start=START, duration=HOUR, flex_model=models)

    assert fetched(server) == sensors
    assert triggers(server)[0].body.get("flex-model") == models
    assert server.requests[0].path.endswith("trigger" if named else "assets")
    if not named:
        assert server.requests[0].query["root"] == "1"


@pytest.mark.parametrize(
    ("models", "sent"),
    [
        (None, [{"sensor": 31}]),
        ([{"asset": 3, "soc-at-start": "1 kWh"}], [{"sensor": 31, "soc-at-start": "1 kWh"}]),
    ],
)
async def test_a_single_device_is_named_by_its_sensor(
    models: list[FlexObject] | None,
    sent: list[object],
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """FlexMeasures 1.0 fails on a single device that has none, whoever triggers it and however."""
    server.script(Reply(body=[SITE, HEAT_PUMP]), TRIGGERED, FINISHED, SCHEDULE)
    await client.trigger_and_get_schedule(1, start=START, duration=HOUR, flex_model=models)
    server.script(Reply(body=[SITE, HEAT_PUMP]), TRIGGERED)
    await client.trigger_schedule(1, start=START, duration=HOUR, flex_model=models)

    assert fetched(server) == ["31"]
    assert [trigger.body["flex-model"] for trigger in triggers(server)] == [sent, sent]


@pytest.mark.parametrize(("tree", "models"), [([SITE, UNHEARD], None), ([SITE], [{"asset": 3}])])
async def test_nothing_is_triggered_that_nobody_could_fetch(
    tree: list[object],
    models: list[FlexObject] | None,
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """A trigger is precious: the account has ten of them in five minutes."""
    server.script(Reply(body=tree))

    with pytest.raises(InvalidInputError, match="flex_model"):
        await client.trigger_and_get_schedule(1, start=START, duration=HOUR, flex_model=models)

    assert triggers(server) == []
