"""What the site's sensors show, and how seldom the server is asked for it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    JsonObject,
    NotFoundError,
    RateLimitedError,
)

from . import site
from .test_init import set_up

FIVE_PAST_NOON = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def five_past_noon(freezer: FrozenDateTimeFactory) -> None:
    """Let every test begin at the same time."""
    freezer.move_to(FIVE_PAST_NOON)


@pytest.fixture
def only_sensors() -> Iterator[None]:
    """Set up one platform."""
    with patch("custom_components.flexmeasures.SITE_PLATFORMS", [Platform.SENSOR]):
        yield


async def let_pass(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, duration: timedelta, step: timedelta
) -> None:
    """Let time pass in steps, and everything that is due happen."""
    end = datetime.now(tz=UTC) + duration
    while datetime.now(tz=UTC) < end:
        freezer.tick(step)
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)


async def settle(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let every sensor be asked once."""
    await let_pass(hass, freezer, timedelta(seconds=5), timedelta(seconds=0.5))


async def test_every_sensor_has_unit_class_name_and_known_future(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    only_sensors: None,
    freezer: FrozenDateTimeFactory,
    entity_registry_enabled_by_default: None,
    snapshot: SnapshotAssertion,
) -> None:
    site_data = client.get_sensor_data.side_effect

    async def eight_hours(sensor_id: int, **wanted: object) -> object:
        return await site_data(sensor_id, **{**wanted, "duration": timedelta(hours=3)})

    client.get_sensor_data.side_effect = eight_hours
    await set_up(hass, entry)
    await settle(hass, freezer)

    await snapshot_platform(hass, er.async_get(hass), snapshot, entry.entry_id)


async def test_a_sensor_of_somebody_else_is_shown_only_when_the_site_names_it(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> None:
    await set_up(hass, entry)

    assert hass.states.get("sensor.home_day_ahead_prices")
    assert hass.states.get("sensor.home_other_prices") is None


async def test_sensors_named_anywhere_in_the_flex_context_are_shown(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> None:
    context: JsonObject = {
        "consumption-price": [{"value": "0.3 EUR/kWh", "duration": "PT1H"}],
        "inflexible-consumption": [{"sensor": site.SOMEBODY_S_PRICES}],
        "site-power-capacity": "10 kW",
    }
    client.get_assets.return_value = (
        replace(site.ASSETS[0], flex_context=context),
        *site.ASSETS[1:],
    )

    await set_up(hass, entry)

    assert hass.states.get("sensor.home_other_prices")
    assert hass.states.get("sensor.home_day_ahead_prices") is None


async def test_a_percentage_is_a_battery_level_only_when_it_is_a_state_of_charge(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> None:
    client.get_sensors.return_value = (
        site.make_sensor(20, "SoC", "%", 2, resolution=timedelta(0)),
        site.make_sensor(21, "humidity", "%", 2),
        site.make_sensor(22, "energy", "kWh", 2),
        site.make_sensor(23, "outside", "degC", 2),
    )

    await set_up(hass, entry)

    classes = {
        name: (
            state.attributes.get("device_class"),
            state.attributes.get("state_class"),
            state.attributes["unit_of_measurement"],
        )
        for name in ("soc", "humidity", "energy", "outside")
        if (state := hass.states.get(f"sensor.battery_{name}"))
    }
    assert classes == {
        "soc": ("battery", "measurement", "%"),
        "humidity": (None, "measurement", "%"),
        "energy": (None, None, "kWh"),
        "outside": ("temperature", "measurement", "°C"),
    }


async def test_the_value_follows_the_clock_without_asking_again(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await set_up(hass, entry)
    await settle(hass, freezer)
    assert hass.states.get("sensor.battery_power").state == "12.0"  # type: ignore[union-attr]
    client.get_sensor_data.side_effect = ConnectionFailedError("nobody may be asked")

    freezer.move_to(datetime(2026, 11, 22, 13, 0, 1, tzinfo=UTC))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()

    state = hass.states.get("sensor.battery_power")
    assert state
    assert state.state == "13.0"
    assert state.attributes["forecast"][0]["start"] == "2026-11-22T05:00:00-08:00"


async def test_the_version_that_the_device_shows_is_disabled_at_first(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> None:
    await set_up(hass, entry)

    version = er.async_get(hass).async_get("sensor.our_account_server_version")
    assert version
    assert version.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    assert hass.states.get("sensor.our_account_api_version").state == "v3_0"  # type: ignore[union-attr]


async def test_disabled_entities_cost_no_request(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    registry = er.async_get(hass)
    for sensor in site.SENSORS[1:]:
        registry.async_get_or_create(
            "sensor",
            "flexmeasures",
            f"{entry.entry_id}_sensor_{sensor.id}",
            config_entry=entry,
            disabled_by=er.RegistryEntryDisabler.USER,
        )

    await set_up(hass, entry)
    await settle(hass, freezer)

    assert {call.args[0] for call in client.get_sensor_data.call_args_list} == {site.BATTERY_POWER}


async def test_a_quiet_hour_with_a_hundred_sensors_stays_within_two_hundred_requests(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    only_sensors: None,
    freezer: FrozenDateTimeFactory,
) -> None:
    client.get_sensors.return_value = tuple(
        site.make_sensor(100 + number, f"power {number}", "kW", 2) for number in range(100)
    )
    await set_up(hass, entry)
    await let_pass(hass, freezer, timedelta(seconds=60), timedelta(seconds=1))
    assert client.get_sensor_data.call_count >= 60
    client.reset_mock()

    await let_pass(hass, freezer, timedelta(hours=1), timedelta(seconds=10))

    requests = [name for name, *_ in client.method_calls]
    assert len(requests) <= 200
    assert requests.count("get_sensor_data") >= 100


async def test_a_sensor_that_the_server_refuses_does_not_keep_others_from_their_values(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    answer = client.get_sensor_data.side_effect

    async def refuse_first(sensor_id: int, **wanted: object) -> object:
        if sensor_id == site.BATTERY_POWER:
            raise NotFoundError("gone", status=404, request="GET /sensors/11/data")
        return await answer(sensor_id, **wanted)

    client.get_sensor_data.side_effect = refuse_first
    await set_up(hass, entry)
    await settle(hass, freezer)

    assert hass.states.get("sensor.battery_power").state == "unknown"  # type: ignore[union-attr]
    assert hass.states.get("sensor.solar_panels_roof_east").state == "12.0"  # type: ignore[union-attr]
    asked = [call.args[0] for call in client.get_sensor_data.call_args_list]
    assert asked.count(site.BATTERY_POWER) == 1


async def test_a_lost_server_is_noticed_by_the_next_request(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await set_up(hass, entry)
    client.get_assets.side_effect = ConnectionFailedError("refused")
    client.get_sensor_data.side_effect = ConnectionFailedError("refused")

    await settle(hass, freezer)
    await let_pass(hass, freezer, timedelta(seconds=11), timedelta(seconds=1))

    assert hass.states.get("binary_sensor.our_account_connected").state == "off"  # type: ignore[union-attr]


async def test_an_unexpected_failure_does_not_ask_without_pause(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    only_sensors: None,
    freezer: FrozenDateTimeFactory,
) -> None:
    client.get_sensors.return_value = site.SENSORS[:1]
    await set_up(hass, entry)
    await settle(hass, freezer)
    client.get_sensor_data.reset_mock()
    client.get_sensor_data.side_effect = RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        await entry.runtime_data.values._async_ask(site.BATTERY_POWER)
    await let_pass(hass, freezer, timedelta(minutes=59), timedelta(minutes=1))

    assert client.get_sensor_data.call_count == 1


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (ConnectionFailedError("refused"), timedelta(seconds=15)),
        (
            RateLimitedError("slow", status=429, request="GET /", retry_after=47),
            timedelta(seconds=47),
        ),
    ],
)
async def test_after_a_failure_all_sensors_wait_and_then_recover(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    error: Exception,
    pause: timedelta,
) -> None:
    answer = client.get_sensor_data.side_effect
    client.get_sensor_data.side_effect = error
    await set_up(hass, entry)
    freezer.tick(timedelta(seconds=1))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert client.get_sensor_data.call_count == 1
    client.get_sensor_data.side_effect = answer

    await let_pass(hass, freezer, pause - timedelta(seconds=2), timedelta(seconds=1))
    assert client.get_sensor_data.call_count == 1

    await let_pass(hass, freezer, timedelta(seconds=6), timedelta(seconds=1))
    assert hass.states.get("sensor.battery_power").state == "12.0"  # type: ignore[union-attr]


async def test_sensors_are_unavailable_while_the_server_is_away_and_the_connection_says_so(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await set_up(hass, entry)
    await settle(hass, freezer)
    answer = client.get_sensor_data.side_effect
    client.get_assets.side_effect = ConnectionFailedError("refused")
    client.get_sensor_data.side_effect = ConnectionFailedError("refused")

    await let_pass(hass, freezer, timedelta(minutes=70), timedelta(minutes=1))

    assert hass.states.get("sensor.battery_power").state == "unavailable"  # type: ignore[union-attr]
    assert hass.states.get("binary_sensor.our_account_connected").state == "off"  # type: ignore[union-attr]
    assert caplog.text.count("Error fetching Home data") == 1

    client.get_assets.side_effect = None
    client.get_sensor_data.side_effect = answer
    await let_pass(hass, freezer, timedelta(minutes=2), timedelta(seconds=30))
    assert hass.states.get("binary_sensor.our_account_connected").state == "on"  # type: ignore[union-attr]
    assert hass.states.get("sensor.battery_power").state == "13.0"  # type: ignore[union-attr]
