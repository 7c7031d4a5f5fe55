"""A simulated S2 battery, Home Assistant and FlexMeasures as processes of their own: from handshake to instruction."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from custom_components.flexmeasures.client import Credentials, FlexMeasuresClient
from custom_components.flexmeasures.const import DOMAIN, SUBENTRY_S2_DEVICE
from demo.flexmeasures_server import ServerUser
from demo.home_assistant import HomeAssistant
from demo.resource_managers.battery import Battery
from demo.resource_managers.connection import run

from .conftest import LiveServer
from .test_home_assistant import ENVIRONMENTS, INTEGRATION, SECONDS, add_site
from .test_planner import add_prices

FORM = {"name": "Battery", "control_type": "automatic", "abnormal_conditions": False}


async def test_a_battery_is_led_from_its_handshake_to_its_first_instruction(
    tmp_path: Path, flexmeasures_server: LiveServer, fresh_user: ServerUser
) -> None:
    home = HomeAssistant(
        ENVIRONMENTS / "home-assistant", tmp_path, custom_components=[INTEGRATION], frontend=False
    )
    async with home:
        api = home.api
        entry_id = await add_site(api, flexmeasures_server, fresh_user)
        credentials = Credentials(fresh_user.email, fresh_user.password)
        async with FlexMeasuresClient(None, flexmeasures_server.url, credentials) as client:
            (site,) = [asset for asset in await client.get_assets() if asset.name == "Home"]
            await add_prices(client, site, [0.1, 0.4] * 24)
        flow = await api.start_subentry_flow(entry_id, SUBENTRY_S2_DEVICE)
        flow = await api.continue_subentry_flow(flow, {"next_step_id": "add"})
        flow = await api.continue_subentry_flow(flow, FORM)
        secret = flow.result["description_placeholders"]["secret"]
        flow = await api.continue_subentry_flow(flow, {})
        assert flow.type == "create_entry", flow
        address = f"ws{home.url.removeprefix('http')}/api/flexmeasures/s2/{secret}"
        device = asyncio.create_task(run(Battery(datetime.now(UTC)), address))

        connected = "binary_sensor.battery_device_connected"
        await api.wait_for_state(connected, lambda state: state.state == "on", timeout=SECONDS)
        planned = "sensor.battery_scheduled_power"
        await api.wait_for_state(
            planned, lambda state: state.number is not None, timeout=2 * SECONDS
        )
        await api.call_action(
            "switch.turn_on", target={"entity_id": "switch.battery_follow_schedule"}
        )
        instructed = await api.wait_for_state(
            "sensor.battery_last_instruction",
            lambda state: state.state not in {"unknown", "unavailable"},
            timeout=SECONDS,
        )
        assert instructed.attributes["message_type"] == "FRBC.Instruction"
    device.cancel()
    log = home.log.read_text(encoding="utf-8")
    assert secret not in log
    assert [line for line in log.splitlines() if "ERROR" in line and DOMAIN in line] == []
