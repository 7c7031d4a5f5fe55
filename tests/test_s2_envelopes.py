"""S2 devices that decide within limits: which they are given, as prices and forecasts have it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.client import SensorData

from . import site
from .s2.samples import energy_constraint, limit, power_constraints
from .test_s2_control import act
from .test_s2_measurements import created, settle
from .test_s2_planning import NOON, entry, knock

__all__ = ["created", "entry"]


async def test_a_car_is_left_more_room_when_that_is_cheapest_also_after_it_was_let_go(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It wants 12 kWh until 18:00, of which none are planned; with 4 kW the last three hours do, as prices fall."""
    read = client.get_sensor_data.side_effect

    async def falling(sensor_id: int, **asked: Any) -> SensorData:
        told: SensorData = await read(sensor_id, **asked)
        return replace(told, values=tuple(-(value or 0.0) for value in told.values))

    client.get_sensor_data.side_effect = falling
    client.trigger_and_get_schedule.side_effect = site.plan(0.0)
    device = await knock(hass, hass_client_no_auth)
    await device.follow("POWER_ENVELOPE_BASED_CONTROL")
    wanted = energy_constraint(
        valid_until="2026-11-22T18:00:00Z", upper_average_power=1000, lower_average_power=0
    )
    car = power_constraints(
        consequence_type="DEFER",
        allowed_limit_ranges=[limit("UPPER_LIMIT", 0, 4000), limit("LOWER_LIMIT", 0, 0)],
    )

    async def upper_limits() -> list[tuple[float, float]]:
        heard = await device.hear_until("PEBC.Instruction")
        (envelope,) = heard["power_envelopes"]
        return [
            (round(part["duration"] / 60_000), part["upper_limit"])
            for part in envelope["power_envelope_elements"][:2]
        ]

    await device.say(car)
    await device.say(wanted)
    for second in (1, 2, 5, 10):
        await settle(hass, freezer, NOON + timedelta(seconds=second))
    await act(hass, "turn_on", "switch.solar_panels_follow_schedule")
    assert await upper_limits() == [(180, 0), (180, 4000)]

    await act(hass, "turn_off", "switch.solar_panels_follow_schedule")
    asked = [await device.hear_until("SelectControlType") for _ in range(2)]
    assert [each["control_type"] for each in asked] == [
        "NO_SELECTION",
        "POWER_ENVELOPE_BASED_CONTROL",
    ]
    await device.say(car)
    await device.say(wanted)
    await settle(hass, freezer, NOON + timedelta(seconds=11))
    await act(hass, "turn_on", "switch.solar_panels_follow_schedule")
    assert await upper_limits() == [(180, 0), (180, 4000)]


async def test_panels_without_a_forecast_are_limited_only_below_the_server_s(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """1 kW is foreseen, and in turn all of it and nothing is planned: more sun than was foreseen is not thrown away."""
    read = client.get_sensor_data.side_effect

    async def known(sensor_id: int, **asked: Any) -> SensorData:
        told: SensorData = await read(sensor_id, **asked)
        value = told.values if sensor_id == site.PRICES else (1000.0,) * len(told.values)
        return replace(told, values=value)

    client.get_sensor_data.side_effect = known
    client.trigger_and_get_schedule.side_effect = site.plan(-1000.0, 0.0)
    device = await knock(hass, hass_client_no_auth)
    await device.follow("POWER_ENVELOPE_BASED_CONTROL")
    await device.say(power_constraints())
    for second in (1, 2, 5, 10):
        await settle(hass, freezer, NOON + timedelta(seconds=second))
    await act(hass, "turn_on", "switch.solar_panels_follow_schedule")

    heard = await device.hear_until("PEBC.Instruction")
    (envelope,) = heard["power_envelopes"]
    lower = [part["lower_limit"] for part in envelope["power_envelope_elements"][:4]]
    assert lower == [-2000, 0, -2000, 0]
