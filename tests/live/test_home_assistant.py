"""Whole Home Assistant processes, the pinned and the next release, with the integration and a real server."""

from pathlib import Path

import pytest

from custom_components.flexmeasures.condition import CONDITIONS
from custom_components.flexmeasures.const import DOMAIN, SUBENTRY_FLEXIBLE_DEVICE
from custom_components.flexmeasures.trigger import TRIGGERS
from demo.flexmeasures_server import ServerUser
from demo.home_assistant import HomeAssistant, HomeAssistantApi

from .conftest import LiveServer

CHECKOUT = Path(__file__).parents[2]
ENVIRONMENTS = CHECKOUT / ".dev"
INTEGRATION = CHECKOUT / "custom_components" / "flexmeasures"
LEVEL = "sensor.home_battery_level"
SECONDS = 60


async def add_site(api: HomeAssistantApi, server: LiveServer, user: ServerUser) -> str:
    """Fill in the config flow; return the entry's id."""
    flow = await api.start_flow(DOMAIN)
    connection = {"url": server.url, "email": user.email, "password": user.password}
    flow = await api.continue_flow(flow, {**connection, "verify_ssl": True})
    assert flow.step == "create_site", flow
    flow = await api.continue_flow(flow, {"name": "Home"})
    assert flow.type == "create_entry", flow
    entry_id: str = flow.result["result"]["entry_id"]
    return entry_id


async def add_battery(api: HomeAssistantApi, entry_id: str) -> None:
    """Fill in the subentry flow."""
    await api.request(
        "POST",
        f"states/{LEVEL}",
        {"state": "50", "attributes": {"unit_of_measurement": "%", "friendly_name": "Level"}},
    )
    flow = await api.start_subentry_flow(entry_id, SUBENTRY_FLEXIBLE_DEVICE)
    battery = {
        "power_sensor": "new",
        "state_of_charge_entity": LEVEL,
        "capacity": 10,
        "minimum_state_of_charge": 10,
        "maximum_state_of_charge": 90,
        "charging_power": 5,
        "discharging_power": 5,
        "roundtrip_efficiency": 90,
    }
    flow = await api.continue_subentry_flow(flow, {"next_step_id": "battery"})
    flow = await api.continue_subentry_flow(flow, battery)
    assert flow.step == "control", flow
    flow = await api.continue_subentry_flow(flow, {})
    assert flow.step == "create_asset", flow
    flow = await api.continue_subentry_flow(flow, {"name": "Battery"})
    assert flow.type == "create_entry", flow


async def check_automations(api: HomeAssistantApi) -> None:
    """Make an automation of every trigger and condition of ours, and ask what one of these says now."""
    devices = await api.device_registry()
    (battery,) = [device["id"] for device in devices if device["name"] == "Battery"]
    target = {"device_id": battery}
    automation = {
        "alias": "Plans",
        "triggers": [{"trigger": f"flexmeasures.{name}", "target": target} for name in TRIGGERS],
        "conditions": [
            {"condition": f"flexmeasures.{name}", "target": target, "options": {"behavior": "any"}}
            for name in CONDITIONS
        ],
        "actions": [],
    }
    await api.request("POST", "config/automation/config/plans", automation)
    await api.wait_for_state("automation.plans", lambda state: state.state == "on", timeout=SECONDS)
    condition = {"condition": "flexmeasures.follows_schedule", "target": target}
    # Without prices there is no schedule that could be followed.
    assert await api.command("test_condition", condition=condition) == {"result": False}


async def state_of_entry(api: HomeAssistantApi) -> str:
    """Return how the only entry is."""
    (entry,) = await api.entries(DOMAIN)
    return str(entry["state"])


@pytest.mark.parametrize(
    ("environment", "version"),
    [("home-assistant", "2026.10.4"), ("home-assistant-next", "2026.11.0")],
)
async def test_the_integration_loads_reloads_and_unloads_cleanly(
    environment: str,
    version: str,
    tmp_path: Path,
    flexmeasures_server: LiveServer,
    fresh_user: ServerUser,
) -> None:
    home = HomeAssistant(
        ENVIRONMENTS / environment, tmp_path, custom_components=[INTEGRATION], frontend=False
    )
    async with home:
        api = home.api
        assert await api.version() == version
        entry_id = await add_site(api, flexmeasures_server, fresh_user)
        await add_battery(api, entry_id)
        switch = "switch.battery_follow_schedule"
        await api.wait_for_state(switch, lambda state: state.state == "off", timeout=SECONDS)

        await api.call_action("switch.turn_on", target={"entity_id": switch})
        setpoint = await api.state("number.battery_power_setpoint")
        # A site without prices has no schedule, so the device is told to be safe.
        assert (setpoint.number, setpoint.attributes["source"]) == (0, "no_schedule")
        await check_automations(api)

        await api.reload_entry(entry_id)
        await api.wait_for_state(switch, lambda state: state.state == "on", timeout=SECONDS)
        assert await state_of_entry(api) == "loaded"
        devices = [each for each in await api.device_registry() if entry_id in str(each)]
        assert {each["name"] for each in devices} == {fresh_user.account, "Home", "Battery"}

        await api.set_entry_disabled(entry_id, disabled=True)
        assert await state_of_entry(api) == "not_loaded"
        await api.set_entry_disabled(entry_id, disabled=False)
        assert await state_of_entry(api) == "loaded"
        await api.remove_entry(entry_id)
        assert await api.entries(DOMAIN) == []

    log = home.log.read_text(encoding="utf-8")
    complaints = [
        line
        for line in log.splitlines()
        if "flexmeasures" in line
        and any(word in line for word in ("ERROR", "deprecated", "will stop working", "Traceback"))
    ]
    assert complaints == []
