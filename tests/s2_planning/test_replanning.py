"""When S2 devices are planned anew: for what they say and people want, and for nothing else."""

from datetime import time

import pytest

from custom_components.flexmeasures.wishes import Wishes

from ..planning import HOUR, NOON, asked, id_of, now, status_of, triggers
from ..s2.samples import actuator_status, fill_rate_description, storage_status, usage_forecast
from ..s2_home import S2Home
from ..s2_words import free_actuator
from .homes import plan_idle


async def test_nothing_is_asked_for_while_nothing_changes(home: S2Home) -> None:
    device = await plan_idle(home)
    before = triggers(home.client)

    # The same words again are nothing new, either.
    await device.say(fill_rate_description(free_actuator()))
    await device.say(actuator_status("idle"))
    await device.say(storage_status(41))
    await home.pass_minutes(60)

    assert triggers(home.client) == before
    plan = home.current_plan
    assert plan.expires
    assert plan.expires > now(home.clock) + 11 * HOUR


async def test_a_fill_level_off_its_path_asks_for_another_plan(home: S2Home) -> None:
    device = await plan_idle(home)
    plan = home.current_plan
    assert plan.expected_energy(NOON + HOUR) == pytest.approx(2.778, abs=0.001)
    assert plan.expected_state_of_charge(NOON + HOUR) == pytest.approx(40)
    await home.pass_minutes(6)
    before = triggers(home.client)

    await device.say(storage_status(55))
    await home.pass_minutes(3)

    assert triggers(home.client) == before + 1
    assert home.current_plan is not plan
    (model,) = asked(home.client)["flex_model"]
    assert float(model["soc-at-start"].removesuffix(" kWh")) == pytest.approx(3.819, abs=0.001)


async def test_a_forecast_of_another_usage_asks_for_another_plan_after_a_while(
    home: S2Home,
) -> None:
    device = await plan_idle(home)
    before = triggers(home.client)

    await device.say(usage_forecast() | {"start_time": "2026-11-22T12:30:00Z"})
    await home.pass_minutes(6)
    assert triggers(home.client) == before + 1

    await device.say(usage_forecast() | {"start_time": "2026-11-22T12:30:00Z"})
    await home.pass_minutes(20)
    assert triggers(home.client) == before + 1


async def test_what_people_want_reaches_the_request(home: S2Home) -> None:
    await plan_idle(home)
    before = triggers(home.client)
    await home.hass.config.async_set_time_zone("UTC")
    wishes = Wishes(target=80, ready_by=time(18, 0), keep_at_least=30, keep_at_most=90)

    home.entry.runtime_data.wishes.async_wish(id_of(home.entry, "Battery"), wishes)
    await home.pass_minutes(1)

    assert triggers(home.client) == before + 1
    (model,) = asked(home.client)["flex_model"]
    # All of 100 % are 6.944 kWh.
    minima = {
        item.get("datetime", item.get("start")): item["value"] for item in model["soc-minima"]
    }
    assert minima == {
        "2026-11-22T12:00:00+00:00": "2.083333333 kWh",
        "2026-11-22T18:00:00+00:00": "5.555555556 kWh",
    }
    (maximum,) = model["soc-maxima"]
    assert maximum["value"] == "6.25 kWh"
    assert status_of(home.entry) == "target_missed"
    assert home.state("binary_sensor.solar_panels_target_reachable").state == "off"
