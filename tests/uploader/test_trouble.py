"""Feeds through every trouble between an entity and the server: what waits, what arrives later, what is told."""

from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    InvalidInputError,
    JobFailedError,
    PermissionDeniedError,
)
from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.measurements import Outbox, OutboxFullError

from .. import site
from ..conftest import feed_subentry
from ..fed_site import LEVEL, METER, NOON, pass_time, posts, shown
from ..test_init import set_up


def files_beside(outbox: Path) -> list[Path]:
    """Return the outbox and what belongs to it."""
    return list(outbox.parent.glob(f"{outbox.name}*"))


async def test_while_the_server_is_away_everything_waits_and_then_arrives_in_one_block(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    accept = client.post_sensor_data.side_effect
    client.post_sensor_data.side_effect = ConnectionFailedError("refused")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 62)

    assert shown(hass, "uploads_paused") == "on"
    assert shown(hass, "upload_backlog") == "4"
    assert datetime.fromisoformat(shown(hass, "oldest_unsent")) == NOON
    assert caplog.text.count("Measurements of Home wait") == 1

    client.post_sensor_data.reset_mock()
    client.post_sensor_data.side_effect = accept
    await pass_time(hass, freezer, 6)

    assert posts(client, site.SOLAR_POWER) == [(NOON, (pytest.approx(0.002),) * 4)]
    assert shown(hass, "uploads_paused") == "off"
    assert shown(hass, "upload_backlog") == "0"
    assert caplog.text.count("Measurements of Home are sent again") == 1


async def test_what_waits_survives_a_restart(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    receipt = client.post_sensor_data.return_value
    client.post_sensor_data.side_effect = ConnectionFailedError("refused")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)
    await hass.config_entries.async_unload(fed.entry_id)
    client.post_sensor_data.reset_mock()
    client.post_sensor_data.side_effect = None
    client.post_sensor_data.return_value = receipt

    await set_up(hass, fed)
    await pass_time(hass, freezer, 2)

    assert posts(client, site.SOLAR_POWER) == [(NOON, (pytest.approx(0.002),))]


async def test_a_refused_sensor_is_parked_and_the_others_go_on(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    receipt = client.post_sensor_data.return_value

    async def refuse_solar(sensor_id: int, **_: object) -> object:
        if sensor_id == site.SOLAR_POWER:
            raise PermissionDeniedError("not yours", status=403, request="POST /")
        return receipt

    client.post_sensor_data.side_effect = refuse_solar
    hass.states.async_set(LEVEL, "5", {"unit_of_measurement": "kWh"})
    await set_up(hass, fed)
    await pass_time(hass, freezer, 33)

    issue_id = f"{fed.entry_id}_feed_refused_{site.SOLAR_POWER}"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert issue
    assert issue.translation_placeholders == {
        "site": "Home",
        "sensor": "Roof east",
        "reason": "not yours",
    }
    assert len(posts(client, site.SOLAR_POWER)) == 1
    assert len(posts(client, site.BATTERY_ENERGY)) >= 2
    assert shown(hass, "uploads_paused") == "off"
    assert shown(hass, "upload_backlog") == "2"

    client.post_sensor_data.side_effect = None
    await hass.config_entries.async_reload(fed.entry_id)
    await pass_time(hass, freezer, 2)

    assert posts(client, site.SOLAR_POWER)[-1] == (NOON, (pytest.approx(0.002),) * 2)
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None


async def test_a_failed_job_keeps_the_values_and_is_tried_again(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    answers = [JobFailedError("UniqueViolation", job_id="1"), site.finished("2")]

    async def wait(job_id: str, **_: object) -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    client.wait_for_job.side_effect = wait
    await set_up(hass, fed)
    await pass_time(hass, freezer, 18)

    assert posts(client, site.SOLAR_POWER) == [(NOON, (pytest.approx(0.002),))] * 2
    assert shown(hass, "upload_backlog") == "0"
    assert answers == []


async def test_a_full_disk_keeps_the_values_in_memory(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await set_up(hass, fed)
    with patch.object(Outbox, "record", side_effect=OutboxFullError("no space left")):
        await pass_time(hass, freezer, 17)
    assert posts(client, site.SOLAR_POWER) == []

    await pass_time(hass, freezer, 15)

    assert posts(client, site.SOLAR_POWER) == [
        (NOON, (pytest.approx(0.002),)),
        (NOON + timedelta(minutes=15), (pytest.approx(0.002),)),
    ]
    assert shown(hass, "lost_intervals") == "0"


async def test_without_an_outbox_the_rest_goes_on(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with patch.object(Outbox, "open", side_effect=OutboxFullError("no space left")):
        await set_up(hass, fed)

    assert fed.state is ConfigEntryState.LOADED
    assert "measures nothing, its outbox cannot be opened: no space left" in caplog.text


async def test_a_feed_of_a_sensor_that_is_gone_is_told(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client.get_sensors.return_value = site.SENSORS[:2]

    await set_up(hass, fed)

    assert f"{METER} → {site.SOLAR_POWER} is not measured: its sensor is gone" in caplog.text


async def test_feeds_that_are_added_together_cost_one_reload(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry
) -> None:
    await set_up(hass, fed)
    client.reset_mock()

    for sensor_id in (site.BATTERY_POWER, site.PRICES):
        subentry = feed_subentry(sensor_id, "sensor.more")
        hass.config_entries.async_add_subentry(
            fed,
            ConfigSubentry(
                data=MappingProxyType(dict(subentry["data"])),
                subentry_type=subentry["subentry_type"],
                title=subentry["title"],
                unique_id=subentry["unique_id"],
            ),
        )
    await hass.async_block_till_done()

    assert client.get_assets.call_count == 1
    assert len(fed.runtime_data.uploader.feeds) == 4


async def test_a_sensor_that_left_the_server_is_parked(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    client.post_sensor_data.side_effect = ConnectionFailedError("refused")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)
    await hass.config_entries.async_unload(fed.entry_id)
    client.post_sensor_data.side_effect = None
    client.get_sensors.return_value = site.SENSORS[:2]

    await set_up(hass, fed)
    await pass_time(hass, freezer, 2)

    issue_id = f"{fed.entry_id}_feed_refused_{site.SOLAR_POWER}"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert issue
    assert issue.translation_placeholders
    assert issue.translation_placeholders["reason"] == "the sensor is not on the site any more"
    assert shown(hass, "upload_backlog") == "1"

    await hass.config_entries.async_remove(fed.entry_id)
    await hass.async_block_till_done()
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None


async def test_jobs_that_fail_for_ever_park_the_sensor(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    client.wait_for_job.side_effect = JobFailedError("no such unit", job_id="1")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 20)

    assert len(posts(client, site.SOLAR_POWER)) == 3
    issue_id = f"{fed.entry_id}_feed_refused_{site.SOLAR_POWER}"
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert shown(hass, "upload_backlog") == "1"


async def test_an_outbox_that_cannot_be_read_pauses_and_is_told(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = OutboxFullError("no space left")
    with (
        patch.object(Outbox, "blocks", side_effect=broken),
        patch.object(Outbox, "parked", side_effect=broken),
        patch.object(Outbox, "statistics", side_effect=broken),
    ):
        await set_up(hass, fed)
        await pass_time(hass, freezer, 17)
        assert shown(hass, "uploads_paused") == "on"
        assert shown(hass, "upload_backlog") == "unknown"
    assert "The outbox of Home cannot be read: no space left" in caplog.text

    await pass_time(hass, freezer, 6)
    assert posts(client, site.SOLAR_POWER) == [(NOON, (pytest.approx(0.002),))]
    assert shown(hass, "uploads_paused") == "off"


async def test_values_that_the_client_refuses_do_not_stop_other_sensors(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    client.post_sensor_data.side_effect = InvalidInputError("unit", "must not be empty")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)

    issue_id = f"{fed.entry_id}_feed_refused_{site.SOLAR_POWER}"
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert shown(hass, "uploads_paused") == "off"


async def test_a_removed_entry_leaves_no_file(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, outbox_file: Path
) -> None:
    await set_up(hass, fed)
    assert outbox_file in files_beside(outbox_file)

    await hass.config_entries.async_remove(fed.entry_id)
    await hass.async_block_till_done()

    assert files_beside(outbox_file) == []
