"""A sensor that the server refuses or no longer has as it was: the others go on, and somebody decides."""

from datetime import timedelta
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import (
    FlexMeasuresError,
    JobFailedError,
    NotFoundError,
    PermissionDeniedError,
    ServerError,
    ValidationError,
)

from .. import site
from ..fed_site import (
    KWH,
    LEVEL,
    METER,
    NOON,
    SOLAR_VALUE,
    change_solar,
    issue,
    pass_time,
    posts,
    shown,
)
from ..test_init import set_up


def solar_issue(hass: HomeAssistant, entry: MockConfigEntry) -> tuple[str | None, dict[str, str]]:
    """Return key and placeholders of the issue of the solar sensor, which is there."""
    found = issue(hass, entry, f"feed_refused_{site.SOLAR_POWER}")
    assert found
    assert found.is_fixable
    assert found.translation_placeholders
    return found.translation_key, found.translation_placeholders


@pytest.mark.parametrize(
    "error",
    [
        PermissionDeniedError("not yours", status=403, request="POST /"),
        NotFoundError("no such sensor", status=404, request="POST /"),
        ValidationError("no such unit", status=422, request="POST /"),
    ],
    ids=["403", "404", "422"],
)
async def test_a_refusal_of_one_sensor_stops_no_other(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    error: FlexMeasuresError,
) -> None:
    accept = client.post_sensor_data.side_effect

    async def refuse_solar(sensor_id: int, **more: object) -> object:
        if sensor_id == site.SOLAR_POWER:
            raise error
        return await accept(sensor_id, **more)

    client.post_sensor_data.side_effect = refuse_solar
    hass.states.async_set(LEVEL, "5", KWH)
    await set_up(hass, fed)
    await pass_time(hass, freezer, 32)

    assert client.stored.own.keys() == {site.BATTERY_ENERGY}
    assert len(posts(client, site.SOLAR_POWER)) == 1
    assert shown(hass, "upload_backlog") == "2"
    assert shown(hass, "uploads_paused") == "off"
    key, placeholders = solar_issue(hass, fed)
    assert key == "feed_refused"
    assert placeholders["reason"] == str(error)
    delivery = fed.runtime_data.delivery
    assert delivery.problems == {site.SOLAR_POWER: str(error)}
    assert delivery.sensors[site.SOLAR_POWER].parked == str(error)


async def test_an_error_of_the_server_about_one_sensor_stops_no_other(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    accept = client.post_sensor_data.side_effect

    async def stumble_over_solar(sensor_id: int, **more: object) -> object:
        if sensor_id == site.SOLAR_POWER:
            raise ServerError("oops", status=500, request="POST /")
        return await accept(sensor_id, **more)

    client.post_sensor_data.side_effect = stumble_over_solar
    hass.states.async_set(LEVEL, "5", KWH)
    await set_up(hass, fed)
    await pass_time(hass, freezer, 16)
    hass.states.async_set(LEVEL, "6", KWH)
    await pass_time(hass, freezer, 3)

    assert set(client.stored.own[site.BATTERY_ENERGY].values()) == {5.0, 6.0}
    assert fed.runtime_data.delivery.problems == {site.SOLAR_POWER: "oops"}
    assert fed.runtime_data.delivery.sensors[site.SOLAR_POWER].parked is None

    client.post_sensor_data.side_effect = accept
    await pass_time(hass, freezer, 2)
    assert client.stored.own[site.SOLAR_POWER] == {NOON: SOLAR_VALUE}
    assert fed.runtime_data.delivery.problems == {}


async def test_what_the_server_says_about_a_failed_job_is_shown(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    client.wait_for_job.side_effect = JobFailedError("UniqueViolation", job_id="1")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)
    assert fed.runtime_data.delivery.problems == {site.SOLAR_POWER: "UniqueViolation"}

    await pass_time(hass, freezer, 4)
    _, placeholders = solar_issue(hass, fed)
    assert placeholders["reason"] == "UniqueViolation"


@pytest.mark.parametrize(
    ("changes", "now"),
    [
        ({"unit": "kW"}, "kW, 0:15:00"),
        ({"resolution": timedelta(minutes=5)}, "MW, 0:05:00"),
    ],
    ids=["unit", "resolution"],
)
async def test_a_sensor_that_changed_on_the_server_waits_until_somebody_decides(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    changes: dict[str, object],
    now: str,
) -> None:
    """Values in MW must not become kW, nor quarter-hours three times five minutes."""
    await set_up(hass, fed)
    change_solar(client, **changes)
    await pass_time(hass, freezer, 17)

    assert posts(client, site.SOLAR_POWER) == []
    key, placeholders = solar_issue(hass, fed)
    assert key == "feed_sensor_changed"
    assert (placeholders["was"], placeholders["now"]) == ("MW, 0:15:00", now)
    assert shown(hass, "upload_backlog") == "1"

    # Somebody undoes the change.
    client.get_sensors.return_value = site.SENSORS
    await hass.config_entries.async_reload(fed.entry_id)
    await pass_time(hass, freezer, 2)
    assert client.stored.own[site.SOLAR_POWER] == {NOON: SOLAR_VALUE}
    assert issue(hass, fed, f"feed_refused_{site.SOLAR_POWER}") is None


async def test_a_sensor_that_was_deleted_on_the_server_waits_until_somebody_decides(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, fed)
    client.get_sensors.return_value = site.SENSORS[:2]
    await pass_time(hass, freezer, 17)

    assert posts(client, site.SOLAR_POWER) == []
    assert solar_issue(hass, fed)[0] == "feed_sensor_gone"
    assert shown(hass, "upload_backlog") == "1"


async def test_what_nobody_feeds_any_more_is_forgotten_where_the_server_refused_it(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    client.post_sensor_data.side_effect = PermissionDeniedError("no", status=403, request="POST /")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)
    assert issue(hass, fed, f"feed_refused_{site.SOLAR_POWER}")

    subentry = next(s for s in fed.subentries.values() if s.title.startswith(METER))
    hass.config_entries.async_remove_subentry(fed, subentry.subentry_id)
    await hass.async_block_till_done()
    await pass_time(hass, freezer, 2)

    assert issue(hass, fed, f"feed_refused_{site.SOLAR_POWER}") is None
    assert shown(hass, "upload_backlog") == "0"
