"""A disk that fails: what becomes of the outbox when its file is damaged or cannot be opened."""

from pathlib import Path
import random
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import ConnectionFailedError
from custom_components.flexmeasures.measurements import (
    Outbox,
    OutboxCorruptError,
    OutboxFullError,
    OutboxTooNewError,
)

from .. import site
from ..fed_site import NOON, SOLAR_VALUE, issue, pass_time, shown
from ..test_init import set_up


async def test_a_file_that_is_damaged_while_in_use_is_set_aside_and_measuring_goes_on(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    outbox_file: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    accept = client.post_sensor_data.side_effect
    client.post_sensor_data.side_effect = ConnectionFailedError("refused")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 31)
    assert shown(hass, "upload_backlog") == "2"

    def damage() -> None:
        connection = fed.runtime_data.uploader._outbox._connection
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with outbox_file.open("r+b") as file:
            file.seek(4096)
            file.write(random.Random(4).randbytes(outbox_file.stat().st_size - 4096))
        connection.execute("PRAGMA shrink_memory")

    await hass.async_add_executor_job(damage)
    client.post_sensor_data.side_effect = accept
    await pass_time(hass, freezer, 31)

    assert "The outbox of Home is damaged" in caplog.text
    assert len(list(outbox_file.parent.glob("*.corrupt-*[0-9]Z"))) == 1
    statistics = fed.runtime_data.delivery.statistics
    # The two that waited are lost, and are told; the next ones arrive.
    assert (statistics.corrupt_files, statistics.lost) == (1, 2)
    assert shown(hass, "lost_intervals") == "2"
    assert min(client.stored.own[site.SOLAR_POWER]) == NOON + 2 * site.QUARTER
    assert shown(hass, "uploads_paused") == "off"


async def test_a_file_that_is_damaged_while_home_assistant_is_down_is_set_aside(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    outbox_file: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await hass.async_add_executor_job(outbox_file.write_text, "no database")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)

    assert "The outbox of Home was damaged" in caplog.text
    assert client.stored.own[site.SOLAR_POWER] == {NOON: SOLAR_VALUE}
    assert fed.runtime_data.delivery.statistics.corrupt_files == 1


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (OutboxTooNewError("version 9"), "outbox_too_new"),
        (OutboxFullError("no space left"), "outbox_unusable"),
    ],
)
async def test_an_outbox_that_cannot_be_opened_is_told_until_it_can(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, error: Exception, key: str
) -> None:
    with patch.object(Outbox, "open", side_effect=error):
        await set_up(hass, fed)
    found = issue(hass, fed, "outbox")
    assert found
    assert found.translation_key == key
    assert found.translation_placeholders == {"site": "Home", "reason": str(error)}

    await hass.config_entries.async_reload(fed.entry_id)
    assert issue(hass, fed, "outbox") is None


async def test_a_damaged_file_that_cannot_be_replaced_pauses(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, fed)
    with (
        patch.object(Outbox, "blocks", side_effect=OutboxCorruptError("malformed")),
        patch.object(Outbox, "reopen", side_effect=OutboxFullError("no space left")),
    ):
        await pass_time(hass, freezer, 17)
        assert shown(hass, "uploads_paused") == "on"

    # The pauses have grown to 5 minutes.
    await pass_time(hass, freezer, 6)
    assert client.stored.own[site.SOLAR_POWER] == {NOON: SOLAR_VALUE}
