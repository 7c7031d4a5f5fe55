"""Configures the integration in Home Assistant through the same forms that a person fills in."""

import asyncio
from dataclasses import dataclass, fields
import json
from pathlib import Path
from typing import Any

from homeassistant.const import CONF_EMAIL, CONF_PASSWORD, CONF_URL, CONF_VERIFY_SSL

from custom_components.flexmeasures import const as names

from . import dashboard, forecasts
from .home_assistant import Flow, HomeAssistantApi
from .site import Measured, Site

SIMULATED_HOME = "simulated_home"

LOAD_SECONDS = 30
POLL_SECONDS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Where FlexMeasures is and who signs in there."""

    url: str
    email: str
    password: str


class FlowError(Exception):
    """A form was refused or was not the one that was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities:
    """Ids of the flexible device's entities; the names here are the integration's own keys for them."""

    follow_schedule: str
    power_setpoint: str
    reschedule: str
    scheduled_power: str


async def add_simulated_home(api: HomeAssistantApi) -> None:
    """Add the simulated home unless it is there."""
    if not await api.entries(SIMULATED_HOME):
        _expect(await api.start_flow(SIMULATED_HOME), "create_entry")


async def add_site(api: HomeAssistantApi, login: Login, site: Site, address_file: Path) -> str:
    """Add the site's entry, or have the existing one look where the server is now; return its id.

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
    flow = _expect(await api.start_flow(names.DOMAIN), "user")
    flow = _expect(await api.continue_flow(flow, _connection(login)), "site")
    choice = {names.CONF_SITE_ID: str(site.site_id)}
    flow = _expect(await api.continue_flow(flow, choice), "create_entry")
    return str(flow.result["result"]["entry_id"])


async def _move_site(api: HomeAssistantApi, login: Login, entry_id: str) -> None:
    """Reconfigure the entry, because somebody else took the server's port while it was not running."""
    flow = await api.start_reconfigure_flow(names.DOMAIN, entry_id)
    flow = await api.continue_flow(_expect(flow, "reconfigure"), _connection(login))
    if flow.result.get("reason") != "reconfigure_successful":
        _expect(flow, "reconfigure_successful")


def _connection(login: Login) -> dict[str, str | bool]:
    return {
        CONF_URL: login.url,
        CONF_EMAIL: login.email,
        CONF_PASSWORD: login.password,
        CONF_VERIFY_SSL: True,
    }


async def add_battery(api: HomeAssistantApi, entry_id: str, site: Site) -> str:
    """Add the battery as a flexible device unless it is there; return the subentry's id."""
    if known := await _battery(api, entry_id):
        return known
    flow = await api.start_subentry_flow(entry_id, names.SUBENTRY_FLEXIBLE_DEVICE)
    answers = {
        names.CONF_POWER_SENSOR: str(site.battery_power),
        names.CONF_STATE_OF_CHARGE_ENTITY: "sensor.simulated_battery_state_of_charge",
        names.CONF_CAPACITY: 10,
        names.CONF_MINIMUM_STATE_OF_CHARGE: 5,
        names.CONF_MAXIMUM_STATE_OF_CHARGE: 95,
        names.CONF_CHARGING_POWER: 5,
        names.CONF_DISCHARGING_POWER: 5,
        names.CONF_ROUNDTRIP_EFFICIENCY: 92,
        names.CONF_SETPOINT_ENTITY: "number.simulated_battery_power_setpoint",
        names.CONF_SETPOINT_SIGN: names.SETPOINT_CONSUMPTION_POSITIVE,
    }
    flow = await api.continue_subentry_flow(_expect(flow, "user"), answers)
    _expect(flow, "create_entry")
    return await _battery(api, entry_id)


async def _battery(api: HomeAssistantApi, entry_id: str) -> str:
    """Return the id of the flexible device's subentry; empty when there is none."""
    return next(
        (
            str(subentry["subentry_id"])
            for subentry in await api.subentries(entry_id)
            if subentry["subentry_type"] == names.SUBENTRY_FLEXIBLE_DEVICE
        ),
        "",
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
    flow = await api.continue_subentry_flow(_expect(flow, "feed"), answers)
    values = {names.CONF_AGGREGATION: measured.aggregation}
    if measured.direction is not None:
        values[names.CONF_DIRECTION] = measured.direction
    _expect(
        await api.continue_subentry_flow(_expect(flow, "values"), values),
        "create_entry",
    )


def _expect(flow: Flow, where: str) -> Flow:
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


async def follow_schedule(api: HomeAssistantApi, subentry_id: str) -> Entities:
    """Switch the device to its schedule, once its entities are there; a new subentry sets the entry up anew.

    Raises:
        TimeoutError: the entities do not appear.
    """
    entities = await _wait_for_entities(api, subentry_id)
    target = {"entity_id": entities.follow_schedule}
    await api.call_action("switch.turn_on", target=target)
    return entities


async def _wait_for_entities(api: HomeAssistantApi, subentry_id: str) -> Entities:
    try:
        async with asyncio.timeout(LOAD_SECONDS):
            while True:
                ids = await _entity_ids(api)
                found = {
                    each.name: ids.get(f"{subentry_id}_{each.name}") for each in fields(Entities)
                }
                states = await api.states()
                if all(
                    entity in states and states[entity].state != "unavailable"
                    for entity in found.values()
                ):
                    return Entities(**{name: str(entity) for name, entity in found.items()})
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise TimeoutError("the flexible device has no entities") from None


async def find_sensor(api: HomeAssistantApi, entry_id: str, sensor_id: int) -> str:
    """Return the id of the entity that stands for a FlexMeasures sensor."""
    return (await _entity_ids(api))[f"{entry_id}_sensor_{sensor_id}"]


async def _entity_ids(api: HomeAssistantApi) -> dict[str, str]:
    """Return the integration's entity ids by unique id, since people may call entities what they like."""
    return {
        entity["unique_id"]: entity["entity_id"]
        for entity in await api.entity_registry()
        if entity["platform"] == names.DOMAIN
    }


async def save_dashboard(api: HomeAssistantApi, entities: Entities, price: str) -> None:
    """Save the demo's dashboard and make it the first page."""
    shown = dashboard.DashboardEntities(
        follow_schedule=entities.follow_schedule,
        power_setpoint=entities.power_setpoint,
        price=price,
        reschedule=entities.reschedule,
        scheduled_power=entities.scheduled_power,
    )
    config = dashboard.dashboard(shown)
    await api.save_dashboard(dashboard.PATH, dashboard.TITLE, dashboard.ICON, config)
    await api.set_default_dashboard(dashboard.PATH)
    # The home lies in Amsterdam, wherever its visitor is: the sun of the simulation shines there.
    await api.set_locale(time_zone="server", time_format="24")
