"""Telling who wants to know."""

import asyncio

from custom_components.flexmeasures.listeners import Listeners


async def test_many_are_told_a_few_at_a_time_and_who_leaves_meanwhile_is_not_told() -> None:
    listeners = Listeners()
    told: list[int] = []
    ends = [listeners.async_add(lambda number=number: told.append(number)) for number in range(50)]  # type: ignore[misc]
    telling = asyncio.create_task(listeners.async_call_in_turns())

    await asyncio.sleep(0)
    assert told == list(range(5))
    ends[30]()
    await telling

    assert told == [number for number in range(50) if number != 30]


def test_everybody_is_told_at_once_until_they_leave() -> None:
    listeners = Listeners()
    told: list[str] = []
    end = listeners.async_add(lambda: told.append("first"))
    listeners.async_add(lambda: told.append("second"))

    listeners.async_call()
    end()
    end()
    listeners.async_call()

    assert told == ["first", "second", "second"]


def test_what_waits_for_something_to_be_so_is_done_once() -> None:
    listeners = Listeners()
    is_so = False
    done: list[str] = []
    listeners.async_once(lambda: is_so, lambda: done.append("later"))
    stop = listeners.async_once(lambda: is_so, lambda: done.append("never"))

    listeners.async_call()
    stop()
    assert done == []
    is_so = True
    listeners.async_call()
    listeners.async_call()
    assert done == ["later"]
    assert not listeners

    listeners.async_once(lambda: is_so, lambda: done.append("at once"))
    assert done == ["later", "at once"]
