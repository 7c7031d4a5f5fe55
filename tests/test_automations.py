"""The examples of docs/automations.md, run as they are written."""

from dataclasses import replace
from datetime import timedelta
import re
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.flexmeasures.client import SensorData
from custom_components.flexmeasures.const import CONF_SETPOINT_ENTITY
from custom_components.flexmeasures.flexible_device import DeviceKind
from custom_components.flexmeasures.plan_models import PlanStatus
from custom_components.flexmeasures.scheduling import Missed, MissedLimit

from . import site
from .device_samples import HOUR, home_of, sample_plan
from .repository import ROOT
from .shown_plans import NOON, ShownPlans, at
from .test_init import set_up

EXAMPLES: dict[str, Any] = {
    title: parse_yaml(block)
    for title, block in re.findall(
        r"^## (.+)\n(?:(?!## |```).*\n)*```yaml\n((?:(?!```).*\n)*)```$",
        (ROOT / "docs" / "automations.md").read_text(),
        re.MULTILINE,
    )
}
KINDS = (DeviceKind.BATTERY, DeviceKind.EV_CHARGER)
# By hour in UTC, per kWh: it is paid for from 12:00 to 14:00.
PRICES = {11: 0.2, 12: -0.05, 13: -0.1, 14: 0.1}


@pytest.fixture(autouse=True)
async def just_before_noon(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let every test begin three minutes before noon, in a home in UTC."""
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to(NOON - timedelta(minutes=3))


async def automate(hass: HomeAssistant, title: str) -> None:
    """Let the automation under the title run in the home."""
    assert await async_setup_component(hass, "automation", {"automation": [EXAMPLES[title]]})
    await hass.async_block_till_done()
    (automation,) = hass.states.async_all("automation")
    assert (automation.state, automation.name) == ("on", EXAMPLES[title]["alias"])


@pytest.fixture
def notifications(hass: HomeAssistant) -> list[ServiceCall]:
    """Return what people are told."""
    return async_mock_service(hass, "persistent_notification", "create")


def priced(read: Any) -> Any:
    """Return what reading values does, with the prices of `PRICES`."""

    async def answer(sensor_id: int, **asked: Any) -> SensorData:
        data: SensorData = await read(sensor_id, **asked)
        if sensor_id != site.PRICES:
            return data
        times = [data.start + index * data.resolution for index in range(len(data.values))]
        return replace(data, values=tuple(PRICES.get(time.hour, 0.2) for time in times))

    return answer


def test_every_example_is_run() -> None:
    assert list(EXAMPLES) == [
        "A dashboard",
        "Plan when the car is plugged in",
        "Charge while the price is negative",
        "Tell when the car will not be ready",
        "Follow with a script",
    ]


async def test_the_dashboard_shows_entities_that_there_are(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    await set_up(hass, home_of(hass, client, *KINDS))

    (view,) = EXAMPLES["A dashboard"]["views"]
    named = set()
    for card in view["cards"]:
        named |= {card[key] for key in ("entity", "price_entity") if key in card}
        named |= set(card.get("entities", ()))

    assert len(named) >= 20
    assert {entity_id for entity_id in named if hass.states.get(entity_id) is None} == set()
    assert {card["type"] for card in view["cards"]} == {
        "calendar",
        "custom:flexmeasures-plan-card",
        "entities",
    }


async def test_plugging_the_car_in_plans_it_and_tells_when_it_charges(
    hass: HomeAssistant,
    client: AsyncMock,
    notifications: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
) -> None:
    # Nothing in the quarter-hours of 12:00 and 12:15, then 2 kW twice.
    client.trigger_and_get_schedule.side_effect = site.plan(0.0, 0.0, 2000.0, 2000.0)
    hass.states.async_set("binary_sensor.car_plugged_in", "off")
    freezer.move_to(NOON + timedelta(minutes=7))
    await set_up(hass, home_of(hass, client, *KINDS))
    await automate(hass, "Plan when the car is plugged in")
    client.trigger_and_get_schedule.reset_mock()

    hass.states.async_set("binary_sensor.car_plugged_in", "on")
    await hass.async_block_till_done(wait_background_tasks=True)

    assert hass.states.get("number.ev_charger_target_state_of_charge").state == "80.0"  # type: ignore[union-attr]
    assert hass.states.get("time.ev_charger_ready_by").state == "07:00:00"  # type: ignore[union-attr]
    models = client.trigger_and_get_schedule.call_args.kwargs["flex_model"]
    # 80 % of 60 kWh at seven.
    (car,) = [model for model in models if "48" in str(model)]
    assert "2026-11-23T07:00:00+00:00" in str(car)
    (notification,) = notifications
    assert notification.data["message"] == "It charges from 12:30 on."


async def test_a_car_that_need_not_charge_is_said_so(
    hass: HomeAssistant,
    client: AsyncMock,
    notifications: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
) -> None:
    client.trigger_and_get_schedule.side_effect = site.plan(0.0, None)
    hass.states.async_set("binary_sensor.car_plugged_in", "off")
    await set_up(hass, home_of(hass, client, *KINDS))
    await automate(hass, "Plan when the car is plugged in")

    hass.states.async_set("binary_sensor.car_plugged_in", "on")
    await hass.async_block_till_done(wait_background_tasks=True)

    (notification,) = notifications
    assert notification.data["message"] == "It does not need to charge."


async def test_the_car_is_charged_while_the_price_is_negative(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    client.get_sensor_data.side_effect = priced(client.get_sensor_data.side_effect)
    await set_up(hass, home_of(hass, client, *KINDS))
    await at(hass, freezer, NOON - timedelta(minutes=2))
    assert hass.states.get("sensor.home_day_ahead_prices").state == "0.2"  # type: ignore[union-attr]
    await automate(hass, "Charge while the price is negative")

    modes = {}
    for minutes in (-1, 0, 119, 120):
        await at(hass, freezer, NOON + timedelta(minutes=minutes))
        mode = hass.states.get("select.ev_charger_mode")
        power = hass.states.get("number.ev_charger_power_setpoint")
        assert mode
        assert power
        modes[minutes] = mode.state, power.state

    assert modes == {
        -1: ("schedule", "unknown"),
        0: ("charge_now", "11000.0"),
        119: ("charge_now", "11000.0"),
        120: ("schedule", "unknown"),
    }


async def test_a_target_that_will_be_missed_is_told_with_the_reason(
    hass: HomeAssistant,
    client: AsyncMock,
    plans: ShownPlans,
    notifications: list[ServiceCall],
) -> None:
    entry = home_of(hass, client, *KINDS)
    await set_up(hass, entry)
    await automate(hass, "Tell when the car will not be ready")
    missed = Missed(
        limit=MissedLimit.TARGET,
        time=NOON + 19 * HOUR,
        wanted=48.0,
        expected=45.6,
        difference=2.4,
        share=0.04,
    )

    await plans.show(hass, entry, sample_plan(missed=(missed,)), PlanStatus.TARGET_MISSED)

    (notification,) = notifications
    assert notification.data == {
        "title": "The car will not be ready",
        "message": "At 2026-11-23 07:00 4.0 % (2.4 kWh) will be missing.",
    }


async def test_a_battery_follows_its_plan_through_a_script(
    hass: HomeAssistant,
    client: AsyncMock,
    plans: ShownPlans,
    freezer: FrozenDateTimeFactory,
) -> None:
    example = {"script": {"inverter_power": EXAMPLES["Follow with a script"]}}
    assert await async_setup_component(hass, "script", example)
    entry = home_of(hass, client, DeviceKind.BATTERY)
    (battery,) = entry.subentries.values()
    settings = {**battery.data, CONF_SETPOINT_ENTITY: "script.inverter_power"}
    hass.config_entries.async_update_subentry(entry, battery, data=settings)
    freezer.move_to(NOON + timedelta(minutes=1))
    await set_up(hass, entry)
    powers = async_mock_service(hass, "number", "set_value")
    options = async_mock_service(hass, "select", "select_option")
    await plans.show(hass, entry, sample_plan())
    await hass.services.async_call(
        "switch", "turn_on", {"entity_id": "switch.battery_follow_schedule"}, blocking=True
    )

    done = {}
    for minutes in (1, 60, 120):
        await at(hass, freezer, NOON + timedelta(minutes=minutes))
        done[minutes] = (
            [(call.data["entity_id"], call.data["value"]) for call in powers],
            [(call.data["entity_id"], call.data["option"]) for call in options],
        )
        powers.clear()
        options.clear()

    assert done == {
        1: (
            [(["number.inverter_charging_power"], 1000.0)],
            [(["select.inverter_mode"], "Charge")],
        ),
        60: ([], [(["select.inverter_mode"], "Standby")]),
        120: (
            [(["number.inverter_discharging_power"], 2000.0)],
            [(["select.inverter_mode"], "Discharge")],
        ),
    }
