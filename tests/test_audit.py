"""The audit against a server that has lost what it confirmed."""

from datetime import timedelta
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.audit import Audit
from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    FlexMeasuresError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    ServerTooOldError,
    UnexpectedResponseError,
)
from custom_components.flexmeasures.measurements import Interval, Outbox, OutboxFullError

from . import site
from .fed_site import NOON, fed, noon, pass_time, posts, shown
from .test_init import set_up

__all__ = ["fed", "noon"]

MINUTE = timedelta(minutes=1)
ELEVEN = NOON - timedelta(hours=1)


@pytest.fixture
async def home(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> MockConfigEntry:
    """Return an entry that has sent two quarter-hours of 2 kW, and levels of 5 and, half an hour later, 6 kWh."""
    await set_up(hass, fed)
    outbox = fed.runtime_data.uploader._outbox
    rows = [
        (sensor_id, resolution, Interval(start=start, value=value, coverage=1.0))
        for sensor_id, resolution, start, value in (
            (site.SOLAR_POWER, site.QUARTER, ELEVEN, 0.002),
            (site.SOLAR_POWER, site.QUARTER, ELEVEN + site.QUARTER, 0.002),
            (site.BATTERY_ENERGY, timedelta(), ELEVEN, 5.0),
            (site.BATTERY_ENERGY, timedelta(), ELEVEN + 30 * MINUTE, 6.0),
        )
    ]
    await hass.async_add_executor_job(lambda: outbox.record(rows, now=NOON))
    await pass_time(hass, freezer, 2)
    assert client.stored.own == {
        site.SOLAR_POWER: {ELEVEN: 0.002, ELEVEN + site.QUARTER: 0.002},
        site.BATTERY_ENERGY: {ELEVEN: 5.0, ELEVEN + 30 * MINUTE: 6.0},
    }
    client.post_sensor_data.reset_mock()
    client.get_sensor_data.reset_mock()
    return fed


def audit_of(entry: MockConfigEntry) -> Audit:
    """Return the entry's audit."""
    audit: Audit = entry.runtime_data.audit
    return audit


def own_values_asked_for(client: AsyncMock) -> list[int]:
    """Return of which sensors our own values were read."""
    return [
        call.args[0] for call in client.get_sensor_data.call_args_list if "source" in call.kwargs
    ]


async def test_what_the_server_lost_arrives_again_and_one_audit_is_enough(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = {sensor: dict(values) for sensor, values in client.stored.own.items()}
    del client.stored.own[site.SOLAR_POWER][ELEVEN]
    client.stored.own[site.BATTERY_ENERGY][ELEVEN + 30 * MINUTE] = 5.0

    result = await audit_of(home).async_audit()
    assert (result.compared, result.resent, result.unread) == (4, 2, {})
    assert "The server had lost 2 of 4 measurements of Home" in caplog.text
    await pass_time(hass, freezer, 2)

    assert posts(client, site.SOLAR_POWER) == [(ELEVEN, (0.002,))]
    assert posts(client, site.BATTERY_ENERGY) == [(ELEVEN + 30 * MINUTE, (6.0,))]
    assert client.stored.own == before
    again = await audit_of(home).async_audit()
    assert (again.compared, again.resent) == (4, 0)
    assert shown(hass, "lost_intervals") == "0"


async def test_nothing_is_sent_again_that_is_there(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Also not where arithmetic on the way has changed the last digits."""
    client.stored.own[site.SOLAR_POWER][ELEVEN] *= 1 + 1e-9

    result = await audit_of(home).async_audit()
    await pass_time(hass, freezer, 2)

    assert result.resent == 0
    client.post_sensor_data.assert_not_called()


async def test_our_own_values_are_read_on_the_grid_of_their_sensor(
    client: AsyncMock, home: MockConfigEntry
) -> None:
    """What others recorded would hide ours, and an instantaneous sensor is read minute by minute."""
    await audit_of(home).async_audit([site.BATTERY_ENERGY])

    (call,) = client.get_sensor_data.call_args_list
    assert call.args == (site.BATTERY_ENERGY,)
    assert call.kwargs == {
        "start": ELEVEN,
        "duration": timedelta(minutes=31),
        "unit": "kWh",
        "resolution": MINUTE,
        "source": site.OWN_SOURCE.id,
    }
    client.bulk.assert_called()


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("gone", status=404, request="GET /"),
        PermissionDeniedError("not yours", status=403, request="GET /"),
        ServerError("oops", status=500, request="GET /"),
        UnexpectedResponseError("not JSON", status=200, request="GET /"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_sensor_that_cannot_be_read_does_not_stop_the_others(
    client: AsyncMock, home: MockConfigEntry, error: FlexMeasuresError
) -> None:
    client.stored.unreadable[site.BATTERY_ENERGY] = error
    client.stored.own[site.SOLAR_POWER].clear()
    client.stored.own[site.BATTERY_ENERGY].clear()

    result = await audit_of(home).async_audit()

    assert (result.compared, result.resent) == (2, 2)
    assert result.unread == {site.BATTERY_ENERGY: str(error)}
    assert audit_of(home).last == result


@pytest.mark.parametrize(
    "error",
    [
        ConnectionFailedError("refused"),
        RateLimitedError("slow", status=429, request="GET /", retry_after=60),
    ],
)
async def test_a_server_that_is_away_ends_the_audit(
    client: AsyncMock, home: MockConfigEntry, error: FlexMeasuresError
) -> None:
    client.stored.unreadable = dict.fromkeys((site.SOLAR_POWER, site.BATTERY_ENERGY), error)

    with pytest.raises(type(error)):
        await audit_of(home).async_audit()

    assert len(own_values_asked_for(client)) == 1
    assert audit_of(home).last is None


async def test_an_outage_is_followed_by_an_audit(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """The server was away because it crashed, and came back without its last hour and with its queue wiped."""
    accept = client.post_sensor_data.side_effect
    client.post_sensor_data.side_effect = ConnectionFailedError("refused")
    await pass_time(hass, freezer, 15)
    assert shown(hass, "uploads_paused") == "on"
    client.stored.own[site.SOLAR_POWER].clear()
    client.post_sensor_data.side_effect = accept
    await pass_time(hass, freezer, 8)

    assert shown(hass, "uploads_paused") == "off"
    # What was lost, and what was measured meanwhile.
    assert client.stored.own[site.SOLAR_POWER] == {
        start: pytest.approx(0.002) for start in (ELEVEN, ELEVEN + site.QUARTER, NOON)
    }


async def test_each_sensor_is_compared_once_a_day_also_across_restarts(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await pass_time(hass, freezer, 60, step=20)
    assert sorted(own_values_asked_for(client)) == [site.BATTERY_ENERGY, site.SOLAR_POWER]

    await hass.config_entries.async_reload(home.entry_id)
    await pass_time(hass, freezer, 22 * 60, step=60)
    assert len(own_values_asked_for(client)) == 2

    del client.stored.own[site.SOLAR_POWER][ELEVEN]
    await pass_time(hass, freezer, 4 * 60, step=60)
    assert own_values_asked_for(client).count(site.SOLAR_POWER) == 2
    assert client.stored.own[site.SOLAR_POWER][ELEVEN] == pytest.approx(0.002)


async def test_nothing_is_compared_while_the_server_is_away(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    client.post_sensor_data.side_effect = ConnectionFailedError("refused")
    await pass_time(hass, freezer, 120, step=5)

    assert own_values_asked_for(client) == []


async def test_an_audit_that_fails_is_made_up_for(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client.get_sources.side_effect = ConnectionFailedError("refused")
    await pass_time(hass, freezer, 60, step=20)
    assert "The audit of Home did not end: refused" in caplog.text

    client.get_sources.side_effect = None
    await pass_time(hass, freezer, 60, step=20)
    assert sorted(own_values_asked_for(client)) == [site.BATTERY_ENERGY, site.SOLAR_POWER]


async def test_a_server_that_knows_nothing_of_us_gets_everything_again(
    client: AsyncMock, home: MockConfigEntry
) -> None:
    client.get_sources.return_value = (site.SOMEBODY_S_SOURCE,)

    result = await audit_of(home).async_audit()

    assert (result.compared, result.resent) == (4, 4)
    client.get_sensor_data.assert_not_called()


async def test_a_server_that_does_not_tell_its_sources_is_asked_for_values_of_users(
    client: AsyncMock, home: MockConfigEntry
) -> None:
    client.get_sources.side_effect = ServerTooOldError(version="0.31", minimum="0.33")
    client.get_sensor_data.side_effect = PermissionDeniedError("no", status=403, request="GET /")

    result = await audit_of(home).async_audit()

    assert result.unread.keys() == {site.SOLAR_POWER, site.BATTERY_ENERGY}
    assert {call.kwargs["source_type"] for call in client.get_sensor_data.call_args_list} == {
        "user"
    }


async def test_a_sensor_that_left_the_site_is_not_compared(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry
) -> None:
    client.get_sensors.return_value = site.SENSORS[:2]
    await home.runtime_data.inventory.async_refresh()

    result = await audit_of(home).async_audit()

    assert (result.compared, result.unread) == (2, {})


async def test_a_file_that_cannot_be_read_is_told_to_who_asked(
    client: AsyncMock, home: MockConfigEntry
) -> None:
    with (
        patch.object(Outbox, "sent", side_effect=OutboxFullError("no space left")),
        pytest.raises(OutboxFullError),
    ):
        await audit_of(home).async_audit()
