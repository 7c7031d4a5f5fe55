"""The integration in Home Assistant against a real FlexMeasures server, set up through the flows that people use."""

from datetime import datetime, timedelta
import math
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant, State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flexmeasures.client import FlexMeasuresClient
from custom_components.flexmeasures.const import DOMAIN, SUBENTRY_FLEXIBLE_DEVICE
from demo.flexmeasures_server import ServerUser

from .conftest import LiveServer

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
LEVEL = "sensor.home_battery_level"
INVERTER = "number.inverter_power"


async def settle(hass: HomeAssistant, seconds: float = 5) -> None:
    """Let timers of the next seconds fire, and everything that they begin end."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done(wait_background_tasks=True)


def connection(server: LiveServer, user: ServerUser, **changes: Any) -> dict[str, Any]:
    """Return what a person enters first."""
    return {
        "url": server.url,
        "email": user.email,
        "password": user.password,
        "verify_ssl": True,
        **changes,
    }


async def begin_flow(hass: HomeAssistant, first: dict[str, Any]) -> dict[str, Any]:
    """Enter the connection."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    return dict(await hass.config_entries.flow.async_configure(flow["flow_id"], first))


@pytest.fixture
async def home(
    hass: HomeAssistant, flexmeasures_server: LiveServer, fresh_user: ServerUser
) -> MockConfigEntry:
    """Return a site and a battery that were created through the flows."""
    hass.states.async_set(LEVEL, "20", {"unit_of_measurement": "%", "friendly_name": "Level"})
    limits = {"unit_of_measurement": "W", "min": -5000, "max": 5000}
    hass.states.async_set(INVERTER, "0", limits)
    flow = await begin_flow(hass, connection(flexmeasures_server, fresh_user))
    assert flow["step_id"] == "create_site"
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], {"name": "Home"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry: Any = result["result"]
    await hass.async_block_till_done()
    sub = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_FLEXIBLE_DEVICE), context={"source": SOURCE_USER}
    )
    battery = {
        "power_sensor": "new",
        "state_of_charge_entity": LEVEL,
        "capacity": 10,
        "minimum_state_of_charge": 10,
        "maximum_state_of_charge": 70,
        "charging_power": 5,
        "discharging_power": 5,
        "roundtrip_efficiency": 81,
    }
    details = {
        "setpoint_sign": "consumption_positive",
        "safety": {"safe_action": "fixed", "safe_power": 0},
        "guard_rails": {},
    }
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        ("user", {"next_step_id": "battery"}),
        ("battery", battery),
        ("control", {"setpoint_entity": INVERTER}),
        ("control_details", details),
        ("create_asset", {"name": "Battery"}),
    )
    for step, answer in steps:
        assert sub["step_id"] == step, sub
        sub = await hass.config_entries.subentries.async_configure(sub["flow_id"], answer)
    assert sub["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    return entry  # type: ignore[no-any-return]


def state_of(hass: HomeAssistant, entity_id: str) -> State:
    """Return the entity's state."""
    state = hass.states.get(entity_id)
    assert state, f"{entity_id} is not among {sorted(hass.states.async_entity_ids())}"
    return state


async def call(
    hass: HomeAssistant, entry: MockConfigEntry, action: str, **fields: Any
) -> dict[str, Any]:
    """Call one of our actions."""
    response = await hass.services.async_call(
        DOMAIN,
        action,
        {"config_entry": entry.entry_id, **fields},
        blocking=True,
        return_response=True,
    )
    assert isinstance(response, dict)
    return response


async def add_prices(hass: HomeAssistant, entry: Any, start: datetime, prices: list[float]) -> int:
    """Give the site a price sensor with hourly prices, and let it plan with that."""
    client: FlexMeasuresClient = entry.runtime_data.connection.client
    site_id = entry.data["site_id"]
    sensor = await client.add_sensor(
        asset_id=site_id, name="electricity price", unit="EUR/kWh", resolution=HOUR
    )
    await call(
        hass,
        entry,
        "post_measurements",
        sensor=sensor.id,
        start=start.isoformat(),
        values=prices,
        unit="EUR/MWh",
    )
    await client.update_asset(
        site_id,
        flex_context={
            "consumption-price": {"sensor": sensor.id},
            "production-price": {"sensor": sensor.id},
            "site-power-capacity": "20 kW",
        },
    )
    return sensor.id


async def test_a_site_and_its_battery_become_devices_with_entities(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), home.entry_id)
    by_id = {device.id: device for device in devices}
    parents = {
        device.name: by_id[device.via_device_id].name if device.via_device_id else None
        for device in devices
    }

    account = next(name for name, parent in parents.items() if parent is None)
    assert parents == {account: None, "Home": account, "Battery": "Home"}
    assert state_of(hass, "sensor.battery_power").attributes["unit_of_measurement"] == "kW"
    assert sorted(hass.states.async_entity_ids("switch")) == [
        "switch.battery_follow_schedule",
        "switch.battery_shadow_mode",
    ]


async def test_posted_values_are_shown_and_read_back_in_another_unit(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    sensor_id = state_of(hass, "sensor.battery_power").attributes["sensor_id"]
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) - HOUR

    await call(
        hass,
        home,
        "post_measurements",
        sensor=sensor_id,
        start=start.isoformat(),
        values=[1500, -250.5, None, 0, 4000, 4000, 4000, 4000],
        unit="W",
    )
    rows = await call(
        hass,
        home,
        "get_measurements",
        sensor=sensor_id,
        start=start.isoformat(),
        duration="PT1H",
        unit="MW",
    )

    assert [row["value"] for row in rows["values"]] == pytest.approx([0.0015, -0.0002505, None, 0])
    assert rows["unit"] == "MW"
    assert datetime.fromisoformat(rows["values"][1]["start"]) == start + QUARTER
    await settle(hass)
    await settle(hass)
    assert float(state_of(hass, "sensor.battery_power").state) == 4.0


async def test_the_battery_follows_the_optimum(hass: HomeAssistant, home: MockConfigEntry) -> None:
    """Now is cheap, the fourth hour is dear, all others in between: charge fully now, discharge fully then."""
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    prices = [200.0] * 30
    prices[0] = prices[1] = 10.0
    prices[4] = 500.0
    await add_prices(hass, home, start, prices)

    await hass.services.async_call(
        "button", "press", {"entity_id": "button.battery_reschedule"}, blocking=True
    )
    await hass.services.async_call(
        "switch", "turn_on", {"entity_id": "switch.battery_follow_schedule"}, blocking=True
    )
    await hass.async_block_till_done(wait_background_tasks=True)

    plan = state_of(hass, "sensor.battery_scheduled_power")
    rows = plan.attributes["forecast"]
    by_hour: dict[int, float] = {}
    for row in rows:
        begin = datetime.fromisoformat(row["start"])
        hour = (begin - start) // HOUR
        by_hour[hour] = by_hour.get(hour, 0) + row["value"] / 4 / 1000
    # From 20 % to 70 % of 10 kWh through sqrt(0.81) = 0.9 takes 5 / 0.9 kWh, within the two cheap hours.
    assert by_hour[0] + by_hour[1] == pytest.approx(5 / 0.9, abs=0.01)
    # The dear hour takes 5 kW; the 6 kWh above the lowest level give 6 x 0.9 = 5.4 kWh in all.
    assert by_hour[4] == pytest.approx(-5.0, abs=0.01)
    discharged = math.fsum(energy for energy in by_hour.values() if energy < 0)
    assert discharged == pytest.approx(-5.4, abs=0.02)
    assert float(plan.state) > 0
    setpoint = state_of(hass, "number.battery_power_setpoint")
    assert float(setpoint.state) == pytest.approx(float(plan.state), abs=0.1)
    # Our sensor was made with consumption positive, and is known without asking the server.
    assert float(state_of(hass, "sensor.battery_power").state) == pytest.approx(
        float(plan.state) / 1000, abs=1e-3
    )


async def test_a_schedule_by_action_states_unit_sign_and_costs(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    await add_prices(hass, home, start, [100.0, 200.0, 100.0, 50.0, 100.0, 100.0])
    sensor_id = state_of(hass, "sensor.battery_power").attributes["sensor_id"]

    plan = await call(
        hass,
        home,
        "trigger_and_get_schedule",
        start=start.isoformat(),
        duration="PT6H",
        unit="kW",
        flex_model=[
            {
                "sensor": sensor_id,
                "soc-at-start": "0 kWh",
                "soc-max": "10 kWh",
                "soc-targets": [{"datetime": (start + 6 * HOUR).isoformat(), "value": "4 kWh"}],
                "power-capacity": "4 kW",
                "production-capacity": "0 kW",
            }
        ],
    )

    (sensor,) = plan["sensors"]
    assert (sensor["sensor"], sensor["unit"]) == (sensor_id, "kW")
    assert sensor["sign_convention"] == "consumption-positive"
    values = [row["value"] for row in sensor["rows"]]
    # All 4 kWh in the fourth hour, for 0.05 EUR/kWh.
    assert values == pytest.approx([0.0] * 12 + [4.0] * 4 + [0.0] * 8, abs=1e-6)
    assert plan["costs"]["electricity net energy"] == pytest.approx(0.2)
    assert plan["unresolved_constraints"] == []

    again = await call(
        hass,
        home,
        "get_schedule",
        schedule=plan["schedule"],
        sensors=[sensor_id],
        duration="PT6H",
        unit="W",
    )
    assert [row["value"] for row in again["sensors"][0]["rows"]] == pytest.approx(
        [1000 * value for value in values], abs=1e-3
    )


async def test_the_server_s_refusal_names_the_field(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    sensor_id = state_of(hass, "sensor.battery_power").attributes["sensor_id"]

    with pytest.raises(ServiceValidationError, match="soc-min"):
        await call(
            hass,
            home,
            "trigger_schedule",
            flex_model=[{"sensor": sensor_id, "soc-at-start": "1 kWh", "soc-min": "three"}],
        )


async def test_a_new_sensor_appears_and_a_deleted_one_leaves(
    hass: HomeAssistant, home: Any
) -> None:
    client: FlexMeasuresClient = home.runtime_data.connection.client
    sensor = await client.add_sensor(
        asset_id=home.data["site_id"], name="temperature", unit="°C", resolution=HOUR
    )

    await settle(hass, 601)

    state = state_of(hass, "sensor.home_temperature")
    assert state.attributes["device_class"] == "temperature"
    assert state.attributes["sensor_id"] == sensor.id


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"password": "wrong"}, {"password": "wrong_password"}),
        ({"email": "nobody@example.com"}, {"email": "unknown_user"}),
    ],
)
async def test_a_refused_sign_in_names_the_field(
    hass: HomeAssistant,
    flexmeasures_server: LiveServer,
    fresh_user: ServerUser,
    changes: dict[str, str],
    errors: dict[str, str],
) -> None:
    flow = await begin_flow(hass, connection(flexmeasures_server, fresh_user, **changes))

    assert flow["errors"] == errors


async def test_a_site_is_refused_twice(
    hass: HomeAssistant, flexmeasures_server: LiveServer, home: MockConfigEntry
) -> None:
    user = ServerUser(
        account="", email=home.data["email"], password=home.data["password"], roles=()
    )

    flow = await begin_flow(hass, connection(flexmeasures_server, user))

    # The account's only site is taken, so only a new one is offered.
    assert flow["step_id"] == "create_site"


async def test_after_a_changed_password_people_are_asked_and_all_goes_on(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    password = home.data["password"]
    hass.config_entries.async_update_entry(home, data={**home.data, "password": "an old one"})
    await hass.async_block_till_done()
    await hass.config_entries.async_reload(home.entry_id)
    await hass.async_block_till_done()
    assert home.state is ConfigEntryState.SETUP_ERROR
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["step_id"] == "reauth_confirm"

    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"email": home.data["email"], "password": "also wrong"}
    )
    assert result["errors"] == {"password": "wrong_password"}
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"email": home.data["email"], "password": password}
    )
    await hass.async_block_till_done()

    assert result["reason"] == "reauth_successful"
    assert home.state is ConfigEntryState.LOADED
    assert state_of(hass, "binary_sensor." + _connected(hass)).state == "on"


def _connected(hass: HomeAssistant) -> str:
    """Return the object id of the server's connectivity."""
    (entity_id,) = (
        name for name in hass.states.async_entity_ids("binary_sensor") if "connected" in name
    )
    return entity_id.removeprefix("binary_sensor.")
