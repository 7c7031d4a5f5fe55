"""How the power of an S2 device is limited by people, and shared by its actuators."""

import pytest

from custom_components.flexmeasures.s2_sensors import sensors_on

from ..planning import NOON, asked
from ..s2_devices import ConnectedDevice, s2_subentry
from ..s2_home import ASSET, S2Home
from ..s2_words import idle_storage
from .telling import told


async def test_people_s_limits_bound_what_is_planned_and_told(empty_home: S2Home) -> None:
    home = await empty_home.set_up(s2_subentry(asset=ASSET, most_consumption=2.0))
    device = await home.connect_storage()

    (model,) = asked(home.client)["flex_model"]
    assert (model["consumption-capacity"], model["power-capacity"]) == ("2000 W", "2000 W")
    setpoint = home.state("number.solar_panels_power_setpoint")
    assert (setpoint.attributes["min"], setpoint.attributes["max"]) == (0, 2000)

    await home.act("turn_on", "switch.solar_panels_follow_schedule")
    assert await told(device) == ("charge", 0.4)
    assert home.state("number.solar_panels_power_setpoint").state == "2000.0"


async def told_both(device: ConnectedDevice) -> dict[str, float]:
    """Return the factor that each of the two actuators is told next."""
    heard = [await device.hear_until("FRBC.Instruction") for _ in range(2)]
    return {each["actuator_id"]: each["operation_mode_factor"] for each in heard}


async def test_two_actuators_share_a_limit_and_their_power_is_kept_on_the_device_s_sensor(
    empty_home: S2Home,
) -> None:
    home = await empty_home.set_up(s2_subentry(asset=ASSET, most_consumption=3.0))
    device = await home.connect(*idle_storage("inverter", "heater"))
    await home.pass_ten_seconds()

    power = sensors_on(home.entry, ASSET)["power"]
    inverter, heater, storage, shared = asked(home.client)["flex_model"]
    assert inverter["group"] == heater["group"] == {"sensor": power.id}
    assert "group" not in storage
    assert shared == {"sensor": power.id, "consumption-capacity": "3000 W"}
    # The server's answer is twice 2.5 kW, whatever was asked for; on the sensor consumption is positive.
    window = home.entry.runtime_data.values.window(power.id)
    assert window
    assert window.value_at(NOON) == 5.0

    await home.act("turn_on", "switch.solar_panels_follow_schedule")
    assert await told_both(device) == {"inverter": 0.5, "heater": pytest.approx(0.1)}


async def test_two_actuators_are_planned_each_and_shown_as_one(home: S2Home) -> None:
    device = await home.connect(*idle_storage("inverter", "heater"))
    await home.pass_ten_seconds()

    actuators = home.current_plan.actuators
    assert {name: each.power_at(NOON) for name, each in actuators.items()} == {
        "inverter": 2500.0,
        "heater": 2500.0,
    }
    assert home.state("sensor.solar_panels_scheduled_power").state == "5000.0"
    assert home.state("number.solar_panels_power_setpoint").attributes["max"] == 10_000

    await home.act("turn_on", "switch.solar_panels_follow_schedule")
    assert await told_both(device) == {"inverter": 0.5, "heater": 0.5}
    await home.act("set_value", "number.solar_panels_power_setpoint", value=6000)
    assert await told_both(device) == {"inverter": 1.0, "heater": pytest.approx(0.2)}
