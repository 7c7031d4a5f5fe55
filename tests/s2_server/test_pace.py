"""How often something follows from what S2 devices say."""

from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.flexmeasures.s2_pace import S2Pace


class Calls(list[str]):
    """What was called, in its order."""

    def one(self) -> None:
        """Note that the first device was called."""
        self.append("one")

    def other(self) -> None:
        """Note that the other device was called."""
        self.append("other")

    def fail(self) -> None:
        """Fail."""
        raise RuntimeError("one device fails")


async def later(hass: HomeAssistant) -> None:
    """Let the pause end."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=1))
    await hass.async_block_till_done()


async def test_the_first_word_after_a_pause_has_its_effect_at_once(hass: HomeAssistant) -> None:
    calls, pace = Calls(), S2Pace(hass)

    pace.async_call(calls.one)

    assert calls == ["one"]


async def test_what_follows_gathers_and_is_done_once_for_each(hass: HomeAssistant) -> None:
    calls, pace = Calls(), S2Pace(hass)
    pace.async_call(calls.one)

    for callee in (calls.other, calls.one, calls.other):
        pace.async_call(callee)
    assert calls == ["one"]
    await later(hass)

    assert calls == ["one", "other", "one"]
    pace.async_call(calls.one)
    assert calls == ["one", "other", "one"]
    await later(hass)
    assert calls == ["one", "other", "one", "one"]


async def test_what_was_forgotten_is_not_called(hass: HomeAssistant) -> None:
    calls, pace = Calls(), S2Pace(hass)
    for callee in (calls.one, calls.other, calls.one):
        pace.async_call(callee)

    pace.async_forget(calls.one)
    await later(hass)
    assert calls == ["one", "other"]

    pace.async_call(calls.one)
    pace.async_forget(calls.one)
    pace.async_forget(calls.one)
    await later(hass)
    assert calls == ["one", "other"]


async def test_one_device_that_fails_takes_nothing_from_the_others(hass: HomeAssistant) -> None:
    calls, pace = Calls(), S2Pace(hass)
    failures: list[object] = []
    hass.loop.set_exception_handler(lambda _, context: failures.append(context["exception"]))
    for callee in (calls.one, calls.fail, calls.other):
        pace.async_call(callee)

    await later(hass)

    assert calls == ["one", "other"]
    assert [str(failure) for failure in failures] == ["one device fails"]


async def test_all_devices_of_a_home_share_their_pace(hass: HomeAssistant) -> None:
    assert S2Pace.of(hass) is S2Pace.of(hass)
