"""S2 devices that decide within limits: which they are given, as prices and forecasts have it."""

from .. import site
from ..s2.samples import power_constraints
from ..s2_home import SECOND, S2Home
from ..s2_words import car_need, limited_car, measurement


async def test_a_car_is_left_more_room_when_that_is_cheapest_also_after_it_was_let_go(
    home: S2Home,
) -> None:
    """It wants 12 kWh until 18:00, of which none are planned; with 4 kW the last three hours do, as prices fall."""
    home.replace_values(lambda _, values: tuple(-(value or 0.0) for value in values))
    home.plan(0.0)
    car, wanted = limited_car(), car_need()
    device = await home.connect(car, wanted, control_type="POWER_ENVELOPE_BASED_CONTROL")

    async def upper_limits() -> list[tuple[float, float]]:
        heard = await device.hear_until("PEBC.Instruction")
        (envelope,) = heard["power_envelopes"]
        return [
            (round(part["duration"] / 60_000), part["upper_limit"])
            for part in envelope["power_envelope_elements"][:2]
        ]

    await home.pass_ten_seconds()
    await home.act("turn_on", "switch.solar_panels_follow_schedule")
    assert await upper_limits() == [(180, 0), (180, 4000)]

    await home.act("turn_off", "switch.solar_panels_follow_schedule")
    asked = [await device.hear_until("SelectControlType") for _ in range(2)]
    assert [each["control_type"] for each in asked] == [
        "NO_SELECTION",
        "POWER_ENVELOPE_BASED_CONTROL",
    ]
    await device.say(car)
    await device.say(wanted)
    await home.until(11 * SECOND)
    await home.act("turn_on", "switch.solar_panels_follow_schedule")
    assert await upper_limits() == [(180, 0), (180, 4000)]


async def test_what_a_car_took_counts_after_it_was_let_go_and_after_it_came_back(
    home: S2Home,
) -> None:
    """It wants 12 kWh from 06:00 until 18:00, and says at noon that it took 4 of them from 06:00 on, an hour long.

    Prices fall: the 8 kWh that are left fit into the last two hours, with 4 kW, and without the 4 it would be three.
    """
    home.replace_values(lambda _, values: tuple(-(value or 0.0) for value in values))
    home.plan(0.0)
    words = limited_car(), car_need()
    envelope = "POWER_ENVELOPE_BASED_CONTROL"
    device = await home.connect(*words, control_type=envelope)

    async def upper_limits() -> list[tuple[float, float]]:
        await home.act("turn_on", "switch.solar_panels_follow_schedule")
        heard = await device.hear_until("PEBC.Instruction")
        parts = heard["power_envelopes"][0]["power_envelope_elements"][:2]
        return [(round(part["duration"] / 60_000), part["upper_limit"]) for part in parts]

    for five_minutes in range(13):
        at = f"2026-11-22T{6 + five_minutes // 12:02}:{five_minutes % 12 * 5:02}:00Z"
        watts = 4000 if five_minutes < 12 else 0
        await device.say({**measurement(L1=watts), "measurement_timestamp": at})
    await home.pass_ten_seconds()
    assert await upper_limits() == [(240, 0), (120, 4000)]

    await home.act("turn_off", "switch.solar_panels_follow_schedule")
    for _ in range(2):
        await device.hear_until("SelectControlType")
    for word in words:
        await device.say(word)
    await home.until(11 * SECOND)
    assert await upper_limits() == [(240, 0), (120, 4000)]

    await device.socket.close()
    await home.until(12 * SECOND)
    await home.act("turn_off", "switch.solar_panels_follow_schedule")
    device = await home.connect(*words, control_type=envelope)
    await home.until(13 * SECOND)
    assert await upper_limits() == [(240, 0), (120, 4000)]


async def test_panels_without_a_forecast_are_limited_only_below_the_server_s(home: S2Home) -> None:
    """1 kW is foreseen, and in turn all of it and nothing is planned: more sun than was foreseen is not thrown away."""
    home.replace_values(
        lambda sensor, values: values if sensor == site.PRICES else (1000.0,) * len(values)
    )
    home.plan(-1000.0, 0.0)
    device = await home.connect(power_constraints(), control_type="POWER_ENVELOPE_BASED_CONTROL")
    await home.pass_ten_seconds()
    await home.act("turn_on", "switch.solar_panels_follow_schedule")

    heard = await device.hear_until("PEBC.Instruction")
    (envelope,) = heard["power_envelopes"]
    lower = [part["lower_limit"] for part in envelope["power_envelope_elements"][:4]]
    assert lower == [-2000, 0, -2000, 0]
