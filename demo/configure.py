"""Configures the integration in Home Assistant through the same forms that a person fills in."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from homeassistant.const import CONF_EMAIL, CONF_PASSWORD, CONF_URL, CONF_VERIFY_SSL

from custom_components.flexmeasures import const as names

from . import dashboard, forecasts
from .devices import DeviceAnswers, devices
from .home_assistant import Flow, HomeAssistantApi
from .site import Measured, Site

SIMULATED_HOME = "simulated_home"

# EUR/kWh. Of a hybrid heat pump with three times its power in heat, and a boiler that makes 0.85 kWh of heat from one of
# gas, the boiler is the cheaper one while electricity costs more than 0.32 EUR/kWh.
GAS_PRICE = 0.09

LOAD_SECONDS = 30
POLL_SECONDS = 0.3
# Platforms are set up one after the other; a device whose entities of these are there has all.
LAST_ENTITIES = frozenset(
    {"follow_schedule", "mode", "plan_status", "power_setpoint", "reschedule", "schedule"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Where FlexMeasures is and who signs in there."""

    url: str
    email: str
    password: str


class FlowError(Exception):
    """A form was refused or was not the one that was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A flexible device as it stands in Home Assistant.

    Attributes:
        name: that of its asset in FlexMeasures.
        entities: entity ids by the integration's own keys.
    """

    name: str
    entities: Mapping[str, str]


async def add_simulated_home(api: HomeAssistantApi) -> None:
    """Add the simulated home unless it is there."""
    if not await api.entries(SIMULATED_HOME):
        expect(await api.start_flow(SIMULATED_HOME), "create_entry")


async def add_site(api: HomeAssistantApi, login: Login, site: Site, address_file: Path) -> str:
    """Add the site's entry with what gas costs, or have the existing one look where the server is now; return its id.

    The file remembers where the entry looks, since Home Assistant does not tell.
    """
    entries = await api.entries(names.DOMAIN)
    if not entries:
        entry_id = await _add_site(api, login, site)
    else:
        entry_id = str(entries[0]["entry_id"])
        if not address_file.exists() or address_file.read_text(encoding="utf-8") != login.url:
            await _move_site(api, login, entry_id)
    address_file.write_text(login.url, encoding="utf-8")
    return entry_id


async def _add_site(api: HomeAssistantApi, login: Login, site: Site) -> str:
    flow = expect(await api.start_flow(names.DOMAIN), "user")
    flow = expect(await api.continue_flow(flow, _connection(login)), "site")
    choice = {names.CONF_SITE_ID: str(site.site_id)}
    flow = expect(await api.continue_flow(flow, choice), "create_entry")
    entry_id = str(flow.result["result"]["entry_id"])
    await wait_until_loaded(api, entry_id)
    options = expect(await api.start_options_flow(entry_id), "init")
    prices = {names.CONF_GAS_PRICE: GAS_PRICE}
    expect(await api.continue_options_flow(options, prices), "create_entry")
    return entry_id


async def _move_site(api: HomeAssistantApi, login: Login, entry_id: str) -> None:
    """Reconfigure the entry, because somebody else took the server's port while it was not running."""
    flow = await api.start_reconfigure_flow(names.DOMAIN, entry_id)
    flow = await api.continue_flow(expect(flow, "reconfigure"), _connection(login))
    if flow.result.get("reason") != "reconfigure_successful":
        expect(flow, "reconfigure_successful")


def _connection(login: Login) -> dict[str, str | bool]:
    return {
        CONF_URL: login.url,
        CONF_EMAIL: login.email,
        CONF_PASSWORD: login.password,
        CONF_VERIFY_SSL: True,
    }


async def add_devices(api: HomeAssistantApi, entry_id: str, site: Site) -> tuple[Device, ...]:
    """Add the flexible devices that are missing, with what their owner wishes, and return all of them."""
    known = await _flexible_devices(api, entry_id)
    wanted = devices(site)
    added = [each for each in wanted if each.name not in known]
    for each in added:
        flow = await api.start_subentry_flow(entry_id, names.SUBENTRY_FLEXIBLE_DEVICE)
        for step, answers in each.steps(site.planned_power[each.name]):
            flow = await api.continue_subentry_flow(expect(flow, step), dict(answers))
        expect(flow, "create_entry")
        await wait_until_loaded(api, entry_id)
    known = await _flexible_devices(api, entry_id)
    found = []
    for each in wanted:
        device = Device(
            name=each.name, entities=await wait_for_entities(api, known[each.name], LAST_ENTITIES)
        )
        if each in added:
            await _wish(api, each, device)
        found.append(device)
    return tuple(found)


async def _flexible_devices(api: HomeAssistantApi, entry_id: str) -> dict[str, str]:
    """Return the ids of the flexible devices' subentries by their names."""
    return {
        str(subentry["title"]): str(subentry["subentry_id"])
        for subentry in await api.subentries(entry_id)
        if subentry["subentry_type"] == names.SUBENTRY_FLEXIBLE_DEVICE
    }


async def _wish(api: HomeAssistantApi, answers: DeviceAnswers, device: Device) -> None:
    if answers.target is not None:
        await api.call_action(
            "number.set_value",
            {"value": answers.target},
            target={"entity_id": device.entities["target"]},
        )
    if answers.ready_by is not None:
        await api.call_action(
            "time.set_value",
            {"time": answers.ready_by.isoformat()},
            target={"entity_id": device.entities["ready_by"]},
        )


async def add_feeds(api: HomeAssistantApi, entry_id: str, site: Site) -> None:
    """Have entities feed the sensors of what is measured, as far as they do not yet; each sets the entry up anew."""
    known = {subentry["unique_id"] for subentry in await api.subentries(entry_id)}
    for measured in site.measured:
        if f"feed_{measured.sensor_id}" not in known:
            await _add_feed(api, entry_id, measured)
            await wait_until_loaded(api, entry_id)


async def _add_feed(api: HomeAssistantApi, entry_id: str, measured: Measured) -> None:
    flow = await api.start_subentry_flow(entry_id, names.SUBENTRY_MEASUREMENT)
    if flow.type == "menu":  # there are proposals, too
        flow = await api.continue_subentry_flow(flow, {"next_step_id": "feed"})
    answers = {
        names.CONF_ENTITY: measured.entity,
        names.CONF_SENSOR: str(measured.sensor_id),
    }
    flow = await api.continue_subentry_flow(expect(flow, "feed"), answers)
    values = {names.CONF_AGGREGATION: measured.aggregation}
    if measured.direction is not None:
        values[names.CONF_DIRECTION] = measured.direction
    expect(
        await api.continue_subentry_flow(expect(flow, "values"), values),
        "create_entry",
    )


def expect(flow: Flow, where: str) -> Flow:
    """Return the flow if it stands at this step, or has this result."""
    if where not in (flow.step, flow.type) or flow.errors:
        reason = dict(flow.errors) or flow.result.get("reason") or flow.step
        raise FlowError(f"expected {where}, got {flow.type}: {reason}")
    return flow


async def wait_until_loaded(api: HomeAssistantApi, entry_id: str) -> None:
    """Wait until the entry is set up; where Home Assistant was up before the server, let it try again now.

    Raises:
        TimeoutError: it is not set up in time, with its state and Home Assistant's reason.
    """
    entry: dict[str, Any] = {}
    try:
        async with asyncio.timeout(LOAD_SECONDS):
            while True:
                entries = await api.entries(names.DOMAIN)
                entry = next(each for each in entries if each["entry_id"] == entry_id)
                if entry["state"] == "loaded":
                    return
                if entry["state"] == "setup_retry":
                    await api.reload_entry(entry_id)
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        reason = f"{entry['state']}, {entry['reason']}"
        raise TimeoutError(f"the integration was not set up: {reason}") from None


async def send_forecasts(api: HomeAssistantApi, folder: Path, entry_id: str, site: Site) -> None:
    """Write the automations that send prices and forecasts, and run each once."""
    connected = (await _entity_ids(api))[f"{entry_id}_connected"]
    automations = forecasts.automations(entry_id, connected, site)
    text = json.dumps(automations, indent=2)  # JSON is YAML, too
    (folder / "automations.yaml").write_text(text + "\n", encoding="utf-8")
    await api.call_action("automation.reload")
    sent = [forecasts.entity_id(automation) for automation in automations]
    await asyncio.gather(
        *(api.call_action("automation.trigger", target={"entity_id": each}) for each in sent)
    )


async def follow_schedules(api: HomeAssistantApi, found: tuple[Device, ...]) -> None:
    """Have every device follow its schedule."""
    switches = [device.entities["follow_schedule"] for device in found]
    await api.call_action("switch.turn_on", target={"entity_id": switches})


async def wait_for_entities(
    api: HomeAssistantApi, subentry_id: str, needed: frozenset[str]
) -> dict[str, str]:
    """Return the ids of a device's entities by their keys, once the needed ones are there.

    Raises:
        TimeoutError: they do not appear.
    """
    prefix = f"{subentry_id}_"
    try:
        async with asyncio.timeout(LOAD_SECONDS):
            while True:
                states = await api.states()
                found = {
                    unique_id.removeprefix(prefix): entity_id
                    for unique_id, entity_id in (await _entity_ids(api)).items()
                    if unique_id.startswith(prefix) and entity_id in states
                }
                if found.keys() >= needed:
                    return found
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise TimeoutError("the flexible device has no entities") from None


async def find_site_entities(
    api: HomeAssistantApi, entry_id: str, price_sensor: int
) -> dashboard.SiteEntities:
    """Return the ids of the entities that are about the site."""
    ids = await _entity_ids(api)
    return dashboard.SiteEntities(
        connected=ids[f"{entry_id}_connected"], price=ids[f"{entry_id}_sensor_{price_sensor}"]
    )


async def _entity_ids(api: HomeAssistantApi) -> dict[str, str]:
    """Return the integration's entity ids by unique id, since people may call entities what they like."""
    return {
        entity["unique_id"]: entity["entity_id"]
        for entity in await api.entity_registry()
        if entity["platform"] == names.DOMAIN
    }


async def save_dashboard(
    api: HomeAssistantApi,
    found: tuple[Device, ...],
    s2_found: tuple[Device, ...],
    site_entities: dashboard.SiteEntities,
) -> None:
    """Save the demo's dashboard and make it the first page."""
    entities, s2_entities = (
        {device.name: device.entities for device in some} for some in (found, s2_found)
    )
    config = dashboard.dashboard(entities, s2_entities, site_entities)
    await api.save_dashboard(dashboard.PATH, dashboard.TITLE, dashboard.ICON, config)
    await api.set_default_dashboard(dashboard.PATH)
    # The home lies in Amsterdam, wherever its visitor is: the sun of the simulation shines there.
    await api.set_locale(time_zone="server", time_format="24")
