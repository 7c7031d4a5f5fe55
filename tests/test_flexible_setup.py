"""Everything that plans and controls is loaded where flexible devices are, and nowhere else."""

from types import MappingProxyType
from unittest.mock import AsyncMock, patch

from homeassistant.config_entries import SOURCE_USER, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.config_flow import FlexMeasuresConfigFlow
from custom_components.flexmeasures.diagnostics import async_get_config_entry_diagnostics
from custom_components.flexmeasures.options_flow import FlexMeasuresOptionsFlow

from .conftest import BATTERY_SUBENTRY, make_entry
from .site_actions import refusal_of
from .test_init import set_up


def platforms_of(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """Return the platforms on which the entry has entities."""
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {entity.domain for entity in registered}


async def test_a_site_without_flexible_devices_has_what_it_measures_and_knows(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> None:
    with patch.object(
        hass, "async_add_import_executor_job", wraps=hass.async_add_import_executor_job
    ) as imported:
        await set_up(hass, entry)

    read = [call.args[0].__module__ for call in imported.call_args_list]
    assert not [module for module in read if module.endswith("flexible_setup")]
    assert entry.runtime_data.flexible is None
    assert platforms_of(hass, entry) == {"binary_sensor", "sensor"}
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    assert (diagnostics["devices"], diagnostics["problem"]) == ({}, None)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_an_action_for_flexible_devices_is_refused_where_there_are_none(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> None:
    await set_up(hass, entry)

    assert await refusal_of(hass, entry, "explain_schedule") == "not_a_flexible_device"


async def test_the_first_flexible_device_brings_planning_and_control_and_the_last_takes_them_away(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> None:
    await set_up(hass, entry)
    battery = ConfigSubentry(
        data=MappingProxyType(dict(BATTERY_SUBENTRY["data"])),
        subentry_type=BATTERY_SUBENTRY["subentry_type"],
        title="Battery",
        unique_id=None,
    )

    hass.config_entries.async_add_subentry(entry, battery)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert set(entry.runtime_data.devices) == {battery.subentry_id}
    assert platforms_of(hass, entry) >= {"calendar", "event", "number", "select", "switch", "time"}
    assert hass.states.get("switch.battery_follow_schedule")

    hass.config_entries.async_remove_subentry(entry, battery.subentry_id)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert entry.runtime_data.flexible is None
    assert platforms_of(hass, entry) == {"binary_sensor", "sensor"}


async def test_importing_is_left_to_other_threads(hass: HomeAssistant, client: AsyncMock) -> None:
    entry = make_entry(BATTERY_SUBENTRY)
    entry.add_to_hass(hass)
    with patch.object(
        hass, "async_add_import_executor_job", wraps=hass.async_add_import_executor_job
    ) as imported:
        await set_up(hass, entry)

    read = [call.args[0].__module__ for call in imported.call_args_list]
    assert len([module for module in read if module.endswith("flexible_setup")]) == 1


def test_every_flow_begins_with_the_steps_that_home_assistant_may_ask_for_first(
    entry: MockConfigEntry,
) -> None:
    late_flows = FlexMeasuresConfigFlow.async_get_supported_subentry_types(entry)

    for late in late_flows.values():
        flow = late._read()  # type: ignore[attr-defined]
        for step in ("async_step_user", "async_step_reconfigure"):
            assert hasattr(late, step) is hasattr(flow, step)
    options = FlexMeasuresConfigFlow.async_get_options_flow(entry)
    assert options._read() is FlexMeasuresOptionsFlow


async def test_a_dialog_is_loaded_by_its_first_step_in_another_thread(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> None:
    await set_up(hass, entry)
    with patch.object(
        hass, "async_add_import_executor_job", wraps=hass.async_add_import_executor_job
    ) as imported:
        shown = await hass.config_entries.subentries.async_init(
            (entry.entry_id, "flexible_device"), context={"source": SOURCE_USER}
        )

    assert shown["step_id"] == "user"
    assert imported.call_count == 1
