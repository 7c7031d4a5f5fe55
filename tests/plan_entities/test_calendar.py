"""The blocks of a plan in the calendar, in the words of the home."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.flexible_device import DeviceKind

from ..device_samples import HOUR, home_of, sample_plan
from ..shown_plans import NOON, ShownPlans, at
from ..test_init import set_up
from .battery import shown


async def test_the_calendar_has_the_block_that_goes_on_or_the_next_one(
    hass: HomeAssistant,
    home: MockConfigEntry,
    plans: ShownPlans,
    freezer: FrozenDateTimeFactory,
) -> None:
    await plans.show(hass, home, sample_plan())
    told = {}
    for minutes in (7, 59, 60, 120, 180):
        await at(hass, freezer, NOON + timedelta(minutes=minutes))
        state = shown(hass, "calendar.schedule")
        told[minutes] = (state.state, state.attributes.get("message"))

    assert told == {
        7: ("on", "Charge 1 kW, 0.10 EUR/kWh"),
        59: ("on", "Charge 1 kW, 0.10 EUR/kWh"),
        60: ("off", "Discharge 2 kW, 0.40 EUR/kWh"),
        120: ("on", "Discharge 2 kW, 0.40 EUR/kWh"),
        180: ("off", None),
    }


async def test_the_calendar_lists_the_blocks_of_a_time(
    hass: HomeAssistant, home: MockConfigEntry, plans: ShownPlans
) -> None:
    await plans.show(hass, home, sample_plan())

    async def listed(start: datetime, end: datetime) -> list[dict[str, str]]:
        answer = await hass.services.async_call(
            "calendar",
            "get_events",
            {
                "entity_id": "calendar.battery_schedule",
                "start_date_time": start.isoformat(),
                "end_date_time": end.isoformat(),
            },
            blocking=True,
            return_response=True,
        )
        assert answer
        events: Any = answer["calendar.battery_schedule"]
        return list(events["events"])

    assert await listed(NOON, NOON + 24 * HOUR) == [
        {
            "start": "2026-11-22T12:00:00+00:00",
            "end": "2026-11-22T13:00:00+00:00",
            "summary": "Charge 1 kW, 0.10 EUR/kWh",
        },
        {
            "start": "2026-11-22T14:00:00+00:00",
            "end": "2026-11-22T15:00:00+00:00",
            "summary": "Discharge 2 kW, 0.40 EUR/kWh",
        },
    ]
    assert await listed(NOON + HOUR, NOON + 2 * HOUR) == []
    assert len(await listed(NOON + timedelta(minutes=59), NOON + HOUR)) == 1


async def test_texts_of_the_calendar_are_in_the_home_s_language(
    hass: HomeAssistant, client: AsyncMock, plans: ShownPlans
) -> None:
    hass.config.language = "nl"
    entry = home_of(hass, client, DeviceKind.BATTERY)
    await set_up(hass, entry)
    await plans.show(hass, entry, sample_plan())

    (calendar,) = hass.states.async_all("calendar")
    assert calendar.attributes["message"] == "Laden 1 kW, 0.10 EUR/kWh"


@pytest.mark.parametrize(
    ("kind", "powers", "message"),
    [
        (DeviceKind.EV_CHARGER, (3700.0,), "Charge 3.7 kW, 0.10 EUR/kWh"),
        (DeviceKind.HEAT_BUFFER, (1234.0,), "Heat 1.23 kW, 0.10 EUR/kWh"),
        (DeviceKind.SOLAR, (-999.0,), "Produce 999 W, 0.05 EUR/kWh"),
        (DeviceKind.PROCESS, (2000.0,), "Run 2 kW, 0.10 EUR/kWh"),
        (DeviceKind.GENERIC, (2000.0,), "Consume 2 kW, 0.10 EUR/kWh"),
    ],
)
async def test_what_a_device_does_is_called_by_what_it_is(
    hass: HomeAssistant,
    client: AsyncMock,
    plans: ShownPlans,
    kind: DeviceKind,
    powers: tuple[float, ...],
    message: str,
) -> None:
    entry = home_of(hass, client, kind)
    await set_up(hass, entry)
    await plans.show(hass, entry, sample_plan(powers, stores=False))

    (calendar,) = hass.states.async_all("calendar")
    assert calendar.attributes["message"] == message
