"""Feeds from a state of an entity to a value that the server confirmed, through every trouble between."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    InvalidInputError,
    JobFailedError,
    PermissionDeniedError,
)
from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.measurements import Outbox, OutboxFullError

from . import site
from .conftest import feed_subentry, make_entry
from .test_init import set_up

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
METER = "sensor.inverter_power"
LEVEL = "sensor.battery_level"
SERVER = "our_account"


SOLAR = feed_subentry(site.SOLAR_POWER, METER, direction="production")
CHARGE = feed_subentry(site.BATTERY_ENERGY, LEVEL, aggregation="last")


@pytest.fixture(autouse=True)
def noon(freezer: FrozenDateTimeFactory) -> None:
    """Let every test begin at noon."""
    freezer.move_to(NOON)


@pytest.fixture
def fed(hass: HomeAssistant, client: AsyncMock) -> MockConfigEntry:
    """Return an entry with two feeds, not yet set up."""
    hass.states.async_set(METER, "2000", {"unit_of_measurement": "W"})
    entry = make_entry(SOLAR, CHARGE)
    entry.add_to_hass(hass)
    return entry


async def pass_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, minutes: float, step: float = 1
) -> None:
    """Let time pass in steps of minutes, and everything that is due happen."""
    for _ in range(round(minutes / step)):
        freezer.tick(timedelta(minutes=step))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)


def posts(client: AsyncMock, sensor_id: int) -> list[tuple[datetime, tuple[float | None, ...]]]:
    """Return start and values of every post for the sensor."""
    return [
        (call.kwargs["start"], call.kwargs["values"])
        for call in client.post_sensor_data.call_args_list
        if call.args == (sensor_id,)
    ]


def files_beside(outbox: Path) -> list[Path]:
    """Return the outbox and what belongs to it."""
    return list(outbox.parent.glob(f"{outbox.name}*"))


def shown(hass: HomeAssistant, name: str) -> str:
    """Return what an entity of the server's device shows."""
    state = hass.states.get(f"sensor.{SERVER}_{name}") or hass.states.get(
        f"binary_sensor.{SERVER}_{name}"
    )
    assert state, name
    return state.state


async def test_the_mean_of_each_slot_arrives_in_the_unit_and_sign_of_the_sensor(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await set_up(hass, fed)
    await pass_time(hass, freezer, 5)
    hass.states.async_set(METER, "5", {"unit_of_measurement": "kW"})
    await pass_time(hass, freezer, 12)

    # 5 minutes at 2 kW and 10 at 5 kW are 4 kW; production is stored positive, in MW.
    ((start, values),) = posts(client, site.SOLAR_POWER)
    assert start == NOON
    assert values == pytest.approx((0.004,))
    assert client.post_sensor_data.call_args.kwargs["unit"] == "MW"
    assert client.post_sensor_data.call_args.kwargs["duration"] == timedelta(minutes=15)
    assert shown(hass, "upload_backlog") == "0"
    assert shown(hass, "lost_intervals") == "0"
    assert shown(hass, "uploads_paused") == "off"
    assert datetime.fromisoformat(shown(hass, "last_upload")) > NOON


async def test_a_level_is_told_on_the_minute_when_it_changed(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    hass.states.async_set(LEVEL, "5", {"unit_of_measurement": "kWh"})
    await set_up(hass, fed)
    await pass_time(hass, freezer, 3)
    hass.states.async_set(LEVEL, "6000", {"unit_of_measurement": "Wh"})
    await pass_time(hass, freezer, 3)

    known = {
        start + index * timedelta(minutes=1): value
        for start, values in posts(client, site.BATTERY_ENERGY)
        for index, value in enumerate(values)
        if value is not None
    }
    assert sorted(known.values()) == [5.0, 6.0]
    assert max(known) == NOON + timedelta(minutes=3)


async def test_a_counter_becomes_mean_power_even_while_it_stands_still(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
) -> None:
    unit = {"unit_of_measurement": "kWh"}
    hass.states.async_set(METER, "100", unit)
    entry = make_entry(
        feed_subentry(
            site.BATTERY_POWER, METER, aggregation="counter_to_power", direction="consumption"
        )
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await pass_time(hass, freezer, 15)
    hass.states.async_set(METER, "101", unit)
    for _ in range(20):
        await pass_time(hass, freezer, 1)
        hass.states.async_set(METER, "101", unit)

    known = {
        start + index * site.QUARTER: value
        for start, values in posts(client, site.BATTERY_POWER)
        for index, value in enumerate(values)
    }
    # 1 kWh in a quarter of an hour is 4 kW; the sensor stores consumption as negative. Then nothing is counted.
    assert known == {NOON: pytest.approx(-4.0), NOON + site.QUARTER: pytest.approx(0.0)}


async def test_an_unavailable_entity_is_a_gap_and_never_zero(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await set_up(hass, fed)
    await pass_time(hass, freezer, 5)
    hass.states.async_set(METER, "unavailable")
    await pass_time(hass, freezer, 27)

    assert posts(client, site.SOLAR_POWER) == []
    hass.states.async_set(METER, "1000", {"unit_of_measurement": "W"})
    await pass_time(hass, freezer, 30)
    assert posts(client, site.SOLAR_POWER)[0] == (
        NOON + timedelta(minutes=30),
        (pytest.approx(0.001),),
    )


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


async def test_a_unit_of_another_dimension_is_a_gap_with_a_reason(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await set_up(hass, fed)
    hass.states.async_set(METER, "20", {"unit_of_measurement": "°C"})
    await pass_time(hass, freezer, 17)

    assert posts(client, site.SOLAR_POWER) == []
    assert f"{METER} → {site.SOLAR_POWER} is not measured" in caplog.text


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


@pytest.mark.parametrize(
    ("aggregation", "expected"), [("maximum", 0.005), ("minimum", 0.002), ("last", 0.005)]
)
async def test_extremes_and_last_values_arrive_with_the_sign_of_the_sensor(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    aggregation: str,
    expected: float,
) -> None:
    hass.states.async_set(METER, "2000", {"unit_of_measurement": "W"})
    entry = make_entry(
        feed_subentry(site.SOLAR_POWER, METER, aggregation=aggregation, direction="consumption")
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await pass_time(hass, freezer, 5)
    hass.states.async_set(METER, "5000", {"unit_of_measurement": "W"})
    await pass_time(hass, freezer, 12)

    assert posts(client, site.SOLAR_POWER) == [(NOON, (pytest.approx(-expected),))]


async def test_a_sensor_that_became_instantaneous_gets_readings_as_they_are(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
) -> None:
    hass.states.async_set(LEVEL, "5", {"unit_of_measurement": "kWh"})
    entry = make_entry(feed_subentry(site.BATTERY_ENERGY, LEVEL, aggregation="mean"))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await pass_time(hass, freezer, 3)

    assert entry.state is ConfigEntryState.LOADED
    assert posts(client, site.BATTERY_ENERGY)[0][1] == (5.0,)


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


async def test_a_renamed_entity_is_still_measured(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    registry = er.async_get(hass)
    meter = registry.async_get_or_create("sensor", "inverter", "power")
    hass.states.async_set(meter.entity_id, "2000", {"unit_of_measurement": "W"})
    entry = make_entry(feed_subentry(site.SOLAR_POWER, meter.id, direction="production"))
    entry.add_to_hass(hass)
    await set_up(hass, entry)

    hass.states.async_remove(meter.entity_id)
    registry.async_update_entity(meter.entity_id, new_entity_id="sensor.renamed")
    await hass.async_block_till_done()
    hass.states.async_set("sensor.renamed", "5000", {"unit_of_measurement": "W"})
    await hass.async_block_till_done()
    await pass_time(hass, freezer, 17)

    assert posts(client, site.SOLAR_POWER) == [(NOON, (pytest.approx(0.005),))]


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


async def count(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    *readings: tuple[float, str, dict[str, str]],
) -> None:
    """Let a counter show readings with their attributes, each after so many minutes."""
    for minutes, value, attributes in readings:
        await pass_time(hass, freezer, minutes)
        hass.states.async_set(METER, value, {"unit_of_measurement": "kWh", **attributes})


@pytest.mark.parametrize(
    ("limit", "expected"), [({}, [4, 16_000, 4]), ({"maximum_power": 20}, [4, 4])]
)
async def test_a_jump_beyond_the_largest_power_is_a_gap(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    limit: dict[str, float],
    expected: list[float],
) -> None:
    feed = feed_subentry(
        site.BATTERY_POWER,
        METER,
        aggregation="counter_to_power",
        direction="consumption",
        **limit,
    )
    entry = make_entry(feed)
    entry.add_to_hass(hass)
    await count(hass, freezer, (0, "100", {}))
    await set_up(hass, entry)
    # 4 kW, then 4,000 kWh in a quarter of an hour, and 4 kW again.
    await count(hass, freezer, (15, "101", {}), (15, "4101", {}), (15, "4102", {}))
    await pass_time(hass, freezer, 31)

    powers = [
        value
        for _, values in posts(client, site.BATTERY_POWER)
        for value in values
        if value is not None
    ]
    assert powers == pytest.approx([-value for value in expected])


async def test_a_counter_that_says_it_was_reset_has_counted_what_it_shows(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    before = {"last_reset": "2026-11-22T00:00:00+00:00"}
    after = {"last_reset": "2026-11-22T12:20:00+00:00"}
    entry = make_entry(feed_subentry(site.BATTERY_POWER, METER, aggregation="counter_to_power"))
    entry.add_to_hass(hass)
    await count(hass, freezer, (0, "1.5", before))
    await set_up(hass, entry)
    # The reading after the reset is larger than the one before, so that nothing else gives the reset away.
    await count(hass, freezer, (15, "2", before), (15, "3", after), (15, "4", after))
    await pass_time(hass, freezer, 2)

    known = {
        start + index * site.QUARTER: value
        for start, values in posts(client, site.BATTERY_POWER)
        for index, value in enumerate(values)
    }
    # 0.5 kWh, then 3 kWh since the reset, then 1 kWh, each in a quarter of an hour.
    assert known == {
        NOON: pytest.approx(2),
        NOON + site.QUARTER: pytest.approx(12),
        NOON + 2 * site.QUARTER: pytest.approx(4),
    }


async def test_silence_beyond_the_longest_hold_is_a_gap(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    hass.states.async_set(METER, "2000", {"unit_of_measurement": "W"})
    entry = make_entry(
        feed_subentry(site.SOLAR_POWER, METER, direction="production", longest_hold=10)
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await pass_time(hass, freezer, 32)

    # The first 10 of the first 15 minutes are known, and nothing after them.
    assert posts(client, site.SOLAR_POWER) == [(NOON, (pytest.approx(0.002),))]
