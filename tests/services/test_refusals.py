"""What the actions refuse before anything is sent, and what they say when the server fails."""

from datetime import datetime
from typing import Any
from unittest.mock import AsyncMock

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import probatio
import pytest

from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    FieldMessage,
    InvalidInputError,
    JobFailedError,
    JobTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    ValidationError,
)

from .. import site
from ..site_actions import MODEL, NOON_TEXT, call

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
