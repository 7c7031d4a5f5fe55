"""The actions about schedules: what they send and what they answer."""

from datetime import timedelta
from unittest.mock import AsyncMock

from homeassistant.core import HomeAssistant

from custom_components.flexmeasures.client import SensorSchedule, SignConvention

from .. import site
from ..site_actions import MODEL, NOON, NOON_TEXT, call


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
