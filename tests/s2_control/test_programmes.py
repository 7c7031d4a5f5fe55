"""S2 devices that run a programme: begun by their schedule or a person, and held back."""

from homeassistant.helpers import entity_registry as er

from custom_components.flexmeasures.control import SetpointSource

from ..planning import HOUR, NOON, power_of
from ..s2_devices import ConnectedDevice
from ..s2_home import SECOND, S2Home
from ..s2_words import idle_storage, measurement, programme

SETPOINT = "number.solar_panels_power_setpoint"


async def test_a_programme_can_be_begun_and_has_no_power_to_set(home: S2Home) -> None:
    """The cheapest hour within 15:00 to 18:00 is the first."""
    device = await home.connect(
        programme("15:00", "18:00"), control_type="POWER_PROFILE_BASED_CONTROL"
    )
    await home.pass_ten_seconds()
    mode = home.state("select.solar_panels_mode")
    assert mode.attributes["options"] == ["schedule", "charge_now", "pause"]
    assert home.hass.states.get(SETPOINT) is None
    assert er.async_get(home.hass).async_get(SETPOINT) is None
    assert home.hass.states.get("number.solar_panels_keep_at_least") is None

    await home.act("turn_on", "switch.solar_panels_follow_schedule")
    heard = await device.hear_until("PPBC.ScheduleInstruction")
    assert heard["execution_time"] == "2026-11-22T15:00:00Z"
    assert home.controller.setpoint.source is SetpointSource.SCHEDULE
    assert home.controller.setpoint.power == 0.0
    assert power_of(home.entry, NOON + 3 * HOUR) == 2000.0

    await home.act("select_option", "select.solar_panels_mode", option="charge_now")
    assert home.controller.setpoint.source is SetpointSource.CHARGE_NOW
    assert home.controller.setpoint.power == 2000.0


async def test_a_programme_that_is_paused_does_not_begin(home: S2Home) -> None:
    device = await home.connect(
        programme("15:00", "18:00"), control_type="POWER_PROFILE_BASED_CONTROL"
    )
    await home.pass_ten_seconds()
    await home.act("turn_on", "switch.solar_panels_follow_schedule")
    placed = await device.hear_until("PPBC.ScheduleInstruction")

    await home.act("select_option", "select.solar_panels_mode", option="pause")
    heard = await device.hear_until("RevokeObject")
    assert (heard["object_type"], heard["object_id"]) == ("PPBC.ScheduleInstruction", placed["id"])
    assert home.state("sensor.solar_panels_last_instruction").state == "revoked"

    await home.act("select_option", "select.solar_panels_mode", option="schedule")
    again = await device.hear_until("PPBC.ScheduleInstruction")
    assert again["execution_time"] == placed["execution_time"]
    assert again["id"] != placed["id"]


async def test_a_power_can_be_set_while_the_control_type_takes_one(home: S2Home) -> None:
    assert not is_registered(home)
    device = await ConnectedDevice.knock(home.hass, await home.http())
    await device.follow("FILL_RATE_BASED_CONTROL", "POWER_PROFILE_BASED_CONTROL")
    await device.say(*idle_storage())
    await home.pass_ten_seconds()
    assert home.state(SETPOINT).attributes["max"] == 5000.0
    er.async_get(home.hass).async_update_entity(SETPOINT, name="Charger power")

    await select(home, device, "POWER_PROFILE_BASED_CONTROL")
    await device.say(programme("15:00", "18:00"))
    assert home.hass.states.get(SETPOINT) is None
    assert not is_registered(home)

    await select(home, device, "NO_SELECTION")
    assert not is_registered(home)

    await select(home, device, "FILL_RATE_BASED_CONTROL")
    await device.say(*idle_storage())
    await home.pass_ten_seconds()
    setpoint = home.state(SETPOINT)
    assert setpoint.attributes["max"] == 5000.0
    # People named it.
    assert setpoint.name == "Charger power"
    await home.act("set_value", SETPOINT, value=2000)
    assert home.state(SETPOINT).state == "2000.0"


async def test_a_home_that_has_a_power_to_set_loses_it_when_the_device_comes_with_programmes(
    home: S2Home,
) -> None:
    device = await home.connect_storage()
    await home.reload(device)
    assert home.state(SETPOINT).state == "unavailable"

    device = await home.connect(
        programme("15:00", "18:00"), control_type="POWER_PROFILE_BASED_CONTROL"
    )
    await home.until(20 * SECOND)
    assert home.hass.states.get(SETPOINT) is None
    assert not is_registered(home)

    await home.reload(device)
    assert home.hass.states.get(SETPOINT) is None
    assert not is_registered(home)


async def test_a_power_to_set_that_people_disabled_stays_disabled(home: S2Home) -> None:
    device = await home.connect_storage()
    registry = er.async_get(home.hass)
    registry.async_update_entity(SETPOINT, disabled_by=er.RegistryEntryDisabler.USER)
    await home.reload(device)
    await home.connect(*idle_storage())

    assert home.hass.states.get(SETPOINT) is None
    entity = registry.async_get(SETPOINT)
    assert entity is not None
    assert entity.disabled_by is er.RegistryEntryDisabler.USER


def is_registered(home: S2Home) -> bool:
    """Tell whether the registry has the setpoint, under whatever name."""
    registered = er.async_entries_for_config_entry(er.async_get(home.hass), home.entry.entry_id)
    return any(entity.translation_key == "power_setpoint" for entity in registered)


async def select(home: S2Home, device: ConnectedDevice, control_type: str) -> None:
    """Ask the device for another control type, or none, and let it follow that."""
    home.s2_device.async_select_control_type(control_type.lower())
    while (await device.hear_until("SelectControlType"))["control_type"] != control_type:
        pass
    await device.say(measurement(L1=0))
