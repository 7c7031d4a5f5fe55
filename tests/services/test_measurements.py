"""The actions about measurements: what they send, what they answer, and what is shown of it."""

from datetime import timedelta
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from custom_components.flexmeasures.client import PostedData

from .. import site
from ..site_actions import NOON, NOON_TEXT, call
from ..test_sensor import settle


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
