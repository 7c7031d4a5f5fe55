"""What people and other automations do with a device that is controlled."""

from homeassistant.core import Context, HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.flexmeasures.control import (
    ControlStatus,
    Mode,
    NoticeKind,
)

from ..controlled_home import (
    LEVEL,
    MINUTE,
    NOON,
    ControlledHome,
)
from ..device_stand_ins import Inverter


async def test_a_person_s_change_is_left_alone_until_the_next_block(
    hass_admin_user: MockUser, home: ControlledHome, inverter: Inverter
) -> None:
    await home.carry_out(until=5)
    await home.act("number", "set_value", Context(user_id=hass_admin_user.id), value=2.5)
    assert home.controller.status is ControlStatus.SUSPENDED
    assert home.controller.suspended_until == NOON + 15 * MINUTE
    await home.until(16)

    assert home.shown == [(0.1, "1.0"), (5, "2.5"), (15, "-2.0")]
    assert inverter.values == [1, 2.5, -2]
    assert home.notices == [NoticeKind.SUSPENDED, NoticeKind.RESUMED]


async def test_a_person_gives_control_back_at_once(
    hass_admin_user: MockUser, home: ControlledHome, inverter: Inverter
) -> None:
    await home.carry_out({"suspension": 60}, until=5)
    await home.act("number", "set_value", Context(user_id=hass_admin_user.id), value=2.5)
    assert home.controller.suspended_until == NOON + 65 * MINUTE
    await home.until(20)
    home.controller.async_resume()
    await home.until(21)

    assert home.shown == [(0.1, "1.0"), (5, "2.5"), (20, "-2.0")]


async def test_an_automation_that_runs_at_a_time_of_day_suspends_too(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "triggers": {"trigger": "time_pattern", "minutes": 6},
                "actions": {
                    "action": "number.set_value",
                    "target": {"entity_id": "number.inverter_power"},
                    "data": {"value": -1.2},
                },
            }
        },
    )
    await home.carry_out(until=16)

    assert home.shown == [(0.1, "1.0"), (6, "-1.2"), (15, "-2.0")]
    assert home.notices == [NoticeKind.SUSPENDED, NoticeKind.RESUMED]
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


async def test_in_shadow_mode_everything_is_computed_and_nothing_written(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.carry_out({"shadow_mode": True}, until=16)
    assert inverter.values == []
    assert home.controller.shadow
    assert home.controller.setpoint.power == -2000
    assert home.controller.status is ControlStatus.SHADOW

    home.controller.async_shadow(False)
    await home.until(17)
    home.controller.async_shadow(True)
    await home.until(18)
    assert home.shown == [(16, "-2.0"), (17, "0.0")]


async def test_the_shadow_switch_survives_a_restart_until_the_setting_is_changed(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    home.controller.async_shadow(True)
    await home.hass.config_entries.async_reload(home.entry.entry_id)
    assert home.controller.shadow

    (subentry,) = home.entry.subentries.values()
    for setting in (True, False):
        home.hass.config_entries.async_update_subentry(
            home.entry, subentry, data={**subentry.data, "shadow_mode": setting}
        )
        await home.settle()
        assert home.controller.shadow is setting


async def test_a_mode_holds_until_its_end_and_the_schedule_takes_over(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.carry_out({"charging_power": 2.5}, until=5)
    home.controller.async_choose_mode(Mode.CHARGE_NOW)
    await home.until(20)
    assert home.controller.mode is Mode.CHARGE_NOW
    hass.states.async_set(LEVEL, "90", {"unit_of_measurement": "%"})
    await home.until(21)
    home.controller.async_choose_mode(Mode.MANUAL, -700, NOON + 25 * MINUTE)
    await home.until(31)

    # The battery is kept at 90 % at the most.
    assert home.shown == [
        (0.1, "1.0"),
        (5, "2.5"),
        (20, "-2.0"),
        (21, "-0.7"),
        (25, "-2.0"),
        (30, "0.5"),
    ]
    assert home.notices == [NoticeKind.MODE_ENDED, NoticeKind.MODE_ENDED]


async def test_whoever_stops_listening_is_told_no_more(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    told: list[NoticeKind] = []
    stop = home.controller.async_listen_notices(lambda notice: told.append(notice.kind))
    home.controller.async_choose_mode(Mode.PAUSE, until=NOON + MINUTE)
    await home.until(2)
    stop()
    home.controller.async_choose_mode(Mode.PAUSE, until=NOON + 3 * MINUTE)
    await home.until(4)

    assert told == [NoticeKind.MODE_ENDED]
    assert home.notices == [NoticeKind.MODE_ENDED, NoticeKind.MODE_ENDED]


async def test_an_override_is_taken_back(home: ControlledHome, inverter: Inverter) -> None:
    await home.carry_out(until=1)
    home.controller.async_override(-300, NOON + 40 * MINUTE)
    await home.until(20)
    assert home.controller.override
    home.controller.async_clear_override()
    await home.until(21)

    assert home.shown == [(0.1, "1.0"), (1, "-0.3"), (20, "-2.0")]
