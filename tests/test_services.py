"""The actions: what they send, what they answer, and what they refuse before anything is sent."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    FieldMessage,
    InvalidInputError,
    JobFailedError,
    JobTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    PostedData,
    RateLimitedError,
    RequestTimeoutError,
    SensorSchedule,
    ServerError,
    SignConvention,
    ValidationError,
)
from custom_components.flexmeasures.const import DOMAIN

from . import site
from .test_init import set_up
from .test_sensor import settle

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOON_TEXT = "2026-11-22T13:00:00+01:00"
MODEL = {"sensor": site.BATTERY_POWER, "soc-at-start": "3.5 kWh"}


@pytest.fixture(autouse=True)
async def loaded(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Load the entry at seven past noon."""
    freezer.move_to(NOON + timedelta(minutes=7))
    await set_up(hass, entry)
    client.reset_mock()


async def call(hass: HomeAssistant, action: str, **fields: Any) -> dict[str, Any]:
    """Call an action on the small site and return its response."""
    response = await hass.services.async_call(
        DOMAIN,
        action,
        {"config_entry": "entry_of_the_site", **fields},
        blocking=True,
        return_response=True,
    )
    assert isinstance(response, dict)
    return response


async def test_a_schedule_is_triggered_now_on_the_grid_for_a_day(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    response = await call(hass, "trigger_schedule", flex_model=MODEL)

    client.trigger_schedule.assert_called_once_with(
        1,
        start=NOON,
        duration=timedelta(hours=24),
        flex_model=MODEL,
        flex_context=None,
        prior=None,
        resolution=None,
        force_new_job_creation=True,
    )
    assert response == {
        "schedule": "job",
        "start": "2026-11-22T04:00:00-08:00",
        "end": "2026-11-23T04:00:00-08:00",
    }


async def test_every_field_of_a_trigger_reaches_the_server(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    await call(
        hass,
        "trigger_schedule",
        asset="2",
        start=NOON_TEXT,
        duration="PT6H",
        resolution={"minutes": 30},
        prior="2026-11-22T11:55:00Z",
        flex_model=[MODEL],
        flex_context={"site-power-capacity": "5 kW"},
    )

    client.trigger_schedule.assert_called_once_with(
        2,
        start=NOON,
        duration=timedelta(hours=6),
        flex_model=[MODEL],
        flex_context={"site-power-capacity": "5 kW"},
        prior=NOON - timedelta(minutes=5),
        resolution=timedelta(minutes=30),
        force_new_job_creation=True,
    )


async def test_a_schedule_comes_back_as_rows_with_unit_and_sign(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    response = await call(
        hass, "trigger_and_get_schedule", flex_model=[MODEL], start=NOON_TEXT, duration="00:30:00"
    )

    assert client.trigger_and_get_schedule.call_args.kwargs["sensor_ids"] == [site.BATTERY_POWER]
    assert response == {
        "schedule": "job",
        "sensors": [
            {
                "sensor": site.BATTERY_POWER,
                "unit": "kW",
                "sign_convention": "consumption-positive",
                "rows": [
                    {
                        "start": "2026-11-22T04:00:00-08:00",
                        "end": "2026-11-22T04:15:00-08:00",
                        "value": 1.0,
                    },
                    {
                        "start": "2026-11-22T04:15:00-08:00",
                        "end": "2026-11-22T04:30:00-08:00",
                        "value": 1.0,
                    },
                ],
            }
        ],
        "costs": {"electricity net energy": -1.25},
        "scheduler": "StorageScheduler",
        "unresolved_constraints": [{"asset": 2}],
    }


async def test_a_schedule_that_was_triggered_before_is_fetched(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    client.get_schedule.return_value = SensorSchedule(
        sensor_id=site.BATTERY_POWER,
        schedule_id="job",
        start=NOON,
        resolution=site.QUARTER,
        unit="W",
        sign=SignConvention.CONSUMPTION_POSITIVE,
        values=(-500.0,),
    )

    response = await call(
        hass, "get_schedule", schedule="job", sensors=site.BATTERY_POWER, duration="PT15M", unit="W"
    )

    client.get_schedule.assert_called_once_with(
        site.BATTERY_POWER, "job", duration=timedelta(minutes=15), unit="W"
    )
    assert response["sensors"][0]["rows"][0]["value"] == -500.0


async def test_measurements_are_posted_and_stored_before_the_action_ends(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    response = await call(
        hass,
        "post_measurements",
        sensor=site.SOLAR_POWER,
        start=NOON_TEXT,
        values=[1, None, "2.5"],
        unit="kW",
    )

    client.post_sensor_data.assert_called_once_with(
        site.SOLAR_POWER,
        start=NOON,
        duration=timedelta(minutes=45),
        values=(1.0, None, 2.5),
        unit="kW",
        prior=None,
    )
    client.wait_for_job.assert_called_once_with("ingestion")
    assert response == {
        "sensor": site.SOLAR_POWER,
        "values": 3,
        "unit": "kW",
        "start": "2026-11-22T04:00:00-08:00",
    }


async def test_what_was_posted_is_shown_without_asking_the_server(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    await settle(hass, freezer)
    client.reset_mock()

    await call(
        hass,
        "post_measurements",
        sensor=site.SOLAR_POWER,
        start=NOON_TEXT,
        values=[2500],
        unit="kW",
    )

    assert hass.states.get("sensor.solar_panels_roof_east").state == "2.5"  # type: ignore[union-attr]
    client.get_sensor_data.assert_not_called()


async def test_what_was_posted_on_another_grid_is_asked_for(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    await settle(hass, freezer)
    client.reset_mock()

    await call(
        hass,
        "post_measurements",
        sensor=site.SOLAR_POWER,
        start=NOON_TEXT,
        values=[2, 3],
        duration="PT10M",
    )
    await settle(hass, freezer)

    assert [call.args[0] for call in client.get_sensor_data.call_args_list] == [site.SOLAR_POWER]


async def test_a_server_that_stores_at_once_is_not_waited_for(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    client.post_sensor_data.return_value = PostedData(job_id=None)

    await call(hass, "post_measurements", sensor=site.PRICES, start=NOON_TEXT, values=0.25)

    client.wait_for_job.assert_not_called()
    assert client.post_sensor_data.call_args.kwargs["unit"] == "EUR/kWh"


async def test_a_sensor_outside_the_site_is_looked_up(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    client.get_sensor.return_value = site.make_sensor(77, "elsewhere", "kW", 9)

    await call(hass, "post_measurements", sensor=77, start=NOON_TEXT, values=[1])

    client.get_sensor.assert_called_once_with(77)
    assert client.post_sensor_data.call_args.args == (77,)


async def test_measurements_are_read_as_rows(hass: HomeAssistant, client: AsyncMock) -> None:
    response = await call(
        hass,
        "get_measurements",
        sensor=site.SOLAR_POWER,
        start=NOON_TEXT,
        duration="PT2H",
        resolution="PT1H",
        unit="kW",
    )

    assert response == {
        "sensor": site.SOLAR_POWER,
        "unit": "kW",
        "values": [
            {
                "start": "2026-11-22T04:00:00-08:00",
                "end": "2026-11-22T05:00:00-08:00",
                "value": 12.0,
            },
            {
                "start": "2026-11-22T05:00:00-08:00",
                "end": "2026-11-22T06:00:00-08:00",
                "value": 13.0,
            },
        ],
    }


POST = {"sensor": site.BATTERY_POWER, "start": NOON_TEXT, "values": [1]}


@pytest.mark.parametrize(
    ("action", "fields", "message"),
    [
        ("trigger_schedule", {"start": "2026-11-22T13:00:00"}, "start: .* has no time zone"),
        ("trigger_schedule", {"start": datetime(2026, 11, 22)}, "start: .* has no time zone"),
        ("trigger_schedule", {"start": "tomorrow"}, "start: tomorrow is not a time"),
        ("trigger_schedule", {"prior": "2026-11-22"}, "prior: 2026-11-22 has no time zone"),
        ("trigger_schedule", {"duration": "a day"}, "duration: a day is not a duration"),
        ("trigger_schedule", {"duration": "P1M"}, "duration: P1M is not a duration"),
        ("trigger_schedule", {"duration": "PT0S"}, "duration: PT0S is not longer than zero"),
        ("trigger_schedule", {"resolution": "-PT1H"}, "resolution: -PT1H is not"),
        ("trigger_schedule", {"flex_model": []}, "flex_model: the list is empty"),
        ("trigger_schedule", {"flex_model": ["sensor"]}, "flex_model: expected an object"),
        ("trigger_schedule", {"flex_context": "5 kW"}, "flex_context: expected an object"),
        ("trigger_schedule", {"asset": 99}, "asset: asset 99 does not belong to this site"),
        ("trigger_and_get_schedule", {"flex_model": {}}, "sensors: name the sensors"),
        ("trigger_and_get_schedule", {"sensors": [11], "unit": "kWh"}, "unit: kWh cannot be"),
        ("post_measurements", {**POST, "values": []}, "values: there is no value"),
        ("post_measurements", {**POST, "values": [None]}, "values: there is no value"),
        ("post_measurements", {**POST, "values": ["much"]}, "values: much is not a finite number"),
        ("post_measurements", {**POST, "values": [float("nan")]}, "values: nan is not a finite"),
        ("post_measurements", {**POST, "values": [True]}, "values: True is not a finite number"),
        ("post_measurements", {**POST, "values": [{}]}, "values: {} is not a finite number"),
        ("post_measurements", {**POST, "unit": "°C"}, r"unit: °C cannot be converted to kW"),
        ("post_measurements", {**POST, "unit": "kWh"}, "unit: kWh cannot be converted to kW"),
        ("post_measurements", {**POST, "start": None}, "start: null is not a time"),
        (
            "get_measurements",
            {"sensor": 11, "start": NOON_TEXT, "duration": None},
            "duration: null is not a duration",
        ),
    ],
)
async def test_bad_input_is_refused_by_name_before_anything_is_sent(
    hass: HomeAssistant, client: AsyncMock, action: str, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ServiceValidationError, match=message):
        await call(hass, action, **fields)

    assert client.method_calls == []


@pytest.mark.parametrize("sensor", [0, -3, 1.5, "power", True])
async def test_an_id_is_a_positive_whole_number(
    hass: HomeAssistant, client: AsyncMock, sensor: Any
) -> None:
    with pytest.raises(probatio.Invalid, match="sensor"):
        await call(hass, "post_measurements", **{**POST, "sensor": sensor})

    assert client.method_calls == []


async def test_an_entry_that_does_not_exist_is_refused(hass: HomeAssistant) -> None:
    with pytest.raises(ServiceValidationError):
        await call(hass, "post_measurements", **{**POST, "config_entry": "no such entry"})


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (InvalidInputError("start", "is naive"), ServiceValidationError, "start: is naive"),
        (
            ValidationError(
                "soc-min: Not a valid number.",
                status=422,
                request="POST /",
                fields=(FieldMessage(("json", "soc-min"), "Not a valid number."),),
            ),
            ServiceValidationError,
            "refused the request: soc-min: Not a valid number.",
        ),
        (
            NotFoundError("No sensor 5", status=404, request="GET /"),
            ServiceValidationError,
            "does not know this: No sensor 5",
        ),
        (
            PermissionDeniedError("Not yours", status=403, request="GET /"),
            ServiceValidationError,
            "does not permit this: Not yours",
        ),
        (ConnectionFailedError("refused"), HomeAssistantError, "cannot be reached: refused"),
        (RequestTimeoutError("30 s"), HomeAssistantError, "did not answer in time: 30 s"),
        (
            RateLimitedError("Limit", status=429, request="POST /", retry_after=3),
            HomeAssistantError,
            "asks for a pause: Limit",
        ),
        (
            ServerError("Bad gateway", status=502, request="POST /"),
            HomeAssistantError,
            "FlexMeasures failed: Bad gateway",
        ),
        (
            JobFailedError("Infeasible", job_id="1"),
            HomeAssistantError,
            "finish the job: Infeasible",
        ),
        (JobTimeoutError("1", 200), HomeAssistantError, "finish the job in time"),
    ],
)
async def test_each_failure_of_the_server_has_its_own_sentence(
    hass: HomeAssistant,
    client: AsyncMock,
    error: Exception,
    kind: type[HomeAssistantError],
    message: str,
) -> None:
    client.trigger_schedule.side_effect = error

    with pytest.raises(HomeAssistantError, match=message) as failure:
        await call(hass, "trigger_schedule", flex_model=MODEL)

    assert type(failure.value) is kind
