"""Entities that start something or carry it out: buttons and scripts."""

from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component

from ..device_stand_ins import StartButton, add_entities
from .devices import BATTERY, DISHWASHER, MakeDevice


async def test_a_process_is_started_once_also_across_a_restart(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    button = StartButton("Start")
    await add_entities(hass, "button", [button])
    settings = {**DISHWASHER, "setpoint_entity": "button.start"}
    device = make_device(settings)
    await device.start(0, 200, 2000, 0)
    assert button.values == []
    await device.until(16)
    assert button.values == ["pressed"]

    await device.stop()
    await device.start(0, 200, 2000, 0)
    await device.until(59)

    assert button.values == ["pressed"]


async def test_an_input_button_starts_a_process(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    pressed: list[ServiceCall] = []
    assert await async_setup_component(hass, "input_button", {"input_button": {"start": {}}})
    hass.services.async_register("input_button", "press", pressed.append)
    device = make_device({**DISHWASHER, "setpoint_entity": "input_button.start"})

    await device.start(200, 2000)
    await device.until(31)

    assert [call.data["entity_id"] for call in pressed] == ["input_button.start"]


async def test_a_script_is_run_with_the_power_why_and_until_when(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    runs: list[dict[str, Any]] = []
    hass.bus.async_listen("power_told", lambda event: runs.append(dict(event.data)))
    sequence = {
        "event": "power_told",
        "event_data": {
            name: f"{{{{ {name} }}}}" for name in ("device", "power", "source", "until")
        },
    }
    assert await async_setup_component(
        hass, "script", {"script": {"tell": {"mode": "queued", "sequence": [sequence]}}}
    )
    device = make_device({**BATTERY, "setpoint_entity": "script.tell"})

    await device.start(1500, 1500, -800)
    await device.until(46)

    # The same power for longer is no reason to run it again; after the plan the safe value is told.
    assert runs == [
        {
            "device": "Device",
            "power": 1500.0,
            "source": "schedule",
            "until": "2026-11-22T12:15:00+00:00",
        },
        {
            "device": "Device",
            "power": -800.0,
            "source": "schedule",
            "until": "2026-11-22T12:45:00+00:00",
        },
        {"device": "Device", "power": 0.0, "source": "schedule_ended", "until": None},
    ]


async def test_a_script_starts_a_process_once(hass: HomeAssistant, make_device: MakeDevice) -> None:
    runs: list[str] = []
    hass.bus.async_listen("started", lambda event: runs.append(str(event.event_type)))
    assert await async_setup_component(
        hass, "script", {"script": {"start": {"sequence": [{"event": "started"}]}}}
    )
    device = make_device({**DISHWASHER, "setpoint_entity": "script.start"})

    await device.start(200, 2000)
    await device.until(31)

    assert runs == ["started"]
