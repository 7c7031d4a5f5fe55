"""What people are told about measurements that do not arrive, and what they can do about it."""

from typing import Any
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import PermissionDeniedError
from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.measurements import Outbox, OutboxFullError

from . import site
from .conftest import feed_subentry, make_entry
from .fed_site import METER, NOON, change_solar, fed, issue, noon, pass_time, shown
from .repository import LANGUAGES, texts
from .test_init import set_up

__all__ = ["fed", "noon"]

REFUSED = f"feed_refused_{site.SOLAR_POWER}"


@pytest.fixture
async def refused(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> MockConfigEntry:
    """Return an entry whose solar power the server refuses; one quarter-hour waits."""
    assert await async_setup_component(hass, "repairs", {})
    client.post_sensor_data.side_effect = PermissionDeniedError("no", status=403, request="POST /")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)
    assert issue(hass, fed, REFUSED)
    client.post_sensor_data.side_effect = client.stored.post
    return fed


async def begin(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, Any]:
    """Open the repair of the solar sensor."""
    manager = hass.data["repairs"]["flow_manager"]
    issue_id = f"{entry.entry_id}_{REFUSED}"
    return dict(await manager.async_init(DOMAIN, context={"issue_id": issue_id}))


async def decide(hass: HomeAssistant, entry: MockConfigEntry, choice: str) -> dict[str, Any]:
    """Open the repair of the solar sensor, and choose."""
    flow = await begin(hass, entry)
    manager = hass.data["repairs"]["flow_manager"]
    result = await manager.async_configure(flow["flow_id"], {"next_step_id": choice})
    await hass.async_block_till_done()
    return dict(result)


async def test_the_repair_says_what_is_wrong_and_offers_both_ways(
    hass: HomeAssistant, refused: MockConfigEntry
) -> None:
    flow = await begin(hass, refused)

    assert flow["type"] == "menu"
    assert flow["menu_options"] == ["send_again", "discard"]
    assert flow["description_placeholders"] == {
        "site": "Home",
        "sensor": "Roof east",
        "reason": "no",
    }


async def test_what_waited_is_sent_when_the_rights_are_back(
    hass: HomeAssistant,
    client: AsyncMock,
    refused: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    result = await decide(hass, refused, "send_again")
    assert result["type"] == "create_entry"
    assert issue(hass, refused, REFUSED) is None

    await pass_time(hass, freezer, 2)
    assert client.stored.own[site.SOLAR_POWER] == {NOON: pytest.approx(0.002)}
    assert shown(hass, "upload_backlog") == "0"


async def test_what_waited_can_be_thrown_away(
    hass: HomeAssistant,
    client: AsyncMock,
    refused: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    result = await decide(hass, refused, "discard")
    assert result["type"] == "create_entry"

    await pass_time(hass, freezer, 31)
    # The reload in the second quarter-hour cost it nothing: most of it was measured.
    assert client.stored.own[site.SOLAR_POWER].keys() == {
        NOON + site.QUARTER,
        NOON + 2 * site.QUARTER,
    }
    assert shown(hass, "upload_backlog") == "0"
    assert shown(hass, "lost_intervals") == "0"


async def test_of_a_changed_sensor_only_what_does_not_fit_is_thrown_away(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Measured in MW before the change, in kW after it: 2 kW are 2, never 0.002."""
    assert await async_setup_component(hass, "repairs", {})
    await set_up(hass, fed)
    change_solar(client, unit="kW")
    await pass_time(hass, freezer, 17)
    assert issue(hass, fed, REFUSED)
    await hass.config_entries.async_reload(fed.entry_id)
    await pass_time(hass, freezer, 30)
    # The next ones were measured for the sensor as it is.
    assert client.stored.own == {}

    await decide(hass, fed, "discard")
    await pass_time(hass, freezer, 2)

    assert set(client.stored.own[site.SOLAR_POWER].values()) == {2.0}
    assert NOON not in client.stored.own[site.SOLAR_POWER]
    assert shown(hass, "upload_backlog") == "0"


async def test_an_entry_that_is_not_loaded_cannot_throw_away(
    hass: HomeAssistant, refused: MockConfigEntry
) -> None:
    await hass.config_entries.async_unload(refused.entry_id)

    result = await decide(hass, refused, "discard")

    assert (result["type"], result["reason"]) == ("abort", "not_loaded")
    assert issue(hass, refused, REFUSED)


async def test_an_entry_without_its_outbox_cannot_throw_away(
    hass: HomeAssistant, refused: MockConfigEntry
) -> None:
    with patch.object(Outbox, "open", side_effect=OutboxFullError("no space left")):
        await hass.config_entries.async_reload(refused.entry_id)

    result = await decide(hass, refused, "discard")

    assert (result["type"], result["reason"]) == ("abort", "not_loaded")


async def test_a_full_disk_is_told(hass: HomeAssistant, refused: MockConfigEntry) -> None:
    with patch.object(Outbox, "discard", side_effect=OutboxFullError("no space left")):
        result = await decide(hass, refused, "discard")

    assert (result["type"], result["reason"]) == ("abort", "outbox_unusable")
    assert result["description_placeholders"] == {"reason": "no space left"}


def source_issues(hass: HomeAssistant) -> list[str | None]:
    """Return the keys of what is told about entities that are measured."""
    issues = ir.async_get(hass).issues
    return [found.translation_key for (_, key), found in issues.items() if "_feed_source_" in key]


async def test_an_entity_that_is_disabled_or_removed_is_told_until_it_is_back(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    registry = er.async_get(hass)
    meter = registry.async_get_or_create("sensor", "inverter", "power")
    hass.states.async_set(meter.entity_id, "2000", {"unit_of_measurement": "W"})
    entry = make_entry(feed_subentry(site.SOLAR_POWER, meter.id, direction="production"))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    assert source_issues(hass) == []

    by_user = er.RegistryEntryDisabler.USER
    registry.async_update_entity(meter.entity_id, disabled_by=by_user)
    await hass.async_block_till_done()
    assert source_issues(hass) == ["feed_entity_disabled"]
    registry.async_update_entity(meter.entity_id, disabled_by=None)
    await hass.async_block_till_done()
    assert source_issues(hass) == []

    hass.states.async_remove(meter.entity_id)
    registry.async_remove(meter.entity_id)
    await hass.async_block_till_done()
    assert source_issues(hass) == ["feed_entity_gone"]
    registry.async_get_or_create("sensor", "inverter", "power")
    await hass.async_block_till_done()
    assert source_issues(hass) == []


async def test_an_unregistered_entity_is_missed_and_noticed_when_it_is_back(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, fed)
    hass.states.async_remove(METER)
    await pass_time(hass, freezer, 2)
    # The level of the other feed was never there.
    assert source_issues(hass) == ["feed_entity_gone"] * 2

    hass.states.async_set(METER, "2000", {"unit_of_measurement": "W"})
    await pass_time(hass, freezer, 2)
    assert source_issues(hass) == ["feed_entity_gone"]

    for subentry_id in list(fed.subentries):
        hass.config_entries.async_remove_subentry(fed, subentry_id)
    await hass.async_block_till_done()
    assert source_issues(hass) == []


async def test_while_home_assistant_starts_nothing_is_missed(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    hass.set_state(CoreState.starting)
    hass.states.async_remove(METER)
    await set_up(hass, fed)
    await pass_time(hass, freezer, 2)

    assert source_issues(hass) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_issue_says_what_to_do_in_its_text_or_in_its_repair(language: str) -> None:
    for key, text in texts(language)["issues"].items():
        assert ("description" in text) != ("fix_flow" in text), key
        if flow := text.get("fix_flow"):
            assert flow["step"]["init"]["menu_options"].keys() == {"send_again", "discard"}
            assert flow["abort"].keys() == {"not_loaded", "outbox_unusable"}
