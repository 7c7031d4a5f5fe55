"""The budget: never too much in any window, urgent before bulk, and nobody waits for ever or in vain."""

import asyncio
from typing import Final

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.flexmeasures.client import Priority, RateLimitedError, RequestBudget
from custom_components.flexmeasures.client.budget import Budget, LimitState

from .calls import limit_headers
from .conftest import FakeTime
from .virtual_time import Line

LIMIT: Final = 10
MINUTE: Final = 60.0


def small(limit: int = LIMIT) -> Budget:
    """Return a budget of a few requests a minute, for patient callers, who may use all of it when urgent."""
    return Budget(
        "requests",
        limit=limit,
        within=MINUTE,
        shares={Priority.URGENT: 1.0, Priority.NORMAL: 0.8, Priority.BULK: 0.5},
        patience=dict.fromkeys(Priority, 1e6),
    )


CALLS = st.lists(
    st.tuples(
        st.floats(0, 200),  # when it is made
        st.sampled_from(Priority),
        st.floats(0, 40),  # how long it takes
        st.floats(0, 1),  # where in between the server counts it
        st.none() | st.floats(0, 100),  # after how long the caller gives up, if at all
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=150)
@given(CALLS)
async def test_no_window_of_the_server_ever_holds_too_much(
    calls: list[tuple[float, Priority, float, float, float | None]],
) -> None:
    """Whatever is asked for and given up when, however long it takes, and wherever the server counts it."""
    line, budget = Line(), small()
    timing = line.timing()
    counted: list[float] = []

    async def call(
        at: float, priority: Priority, length: float, where: float, patience: float | None
    ) -> None:
        await line.sleep(at)
        entering = asyncio.ensure_future(budget.enter(priority, timing, "GET /x"))
        if patience is not None:
            await line.sleep(patience)
            if not entering.done():
                entering.cancel()
        try:
            await entering
        except asyncio.CancelledError:
            return
        counted.append(line.now + where * length)
        await line.sleep(length)
        budget.leave(line.now)

    await line.run(*(call(*arguments) for arguments in calls))

    counted.sort()
    for index, begin in enumerate(counted):
        within = [moment for moment in counted[index:] if moment < begin + MINUTE - 1e-6]
        assert len(within) <= LIMIT
    assert budget._waiting == []
    assert budget._in_flight == 0


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(Priority), min_size=1, max_size=60))
async def test_who_waits_goes_by_priority_and_then_by_arrival(priorities: list[Priority]) -> None:
    """Nobody is left behind when no one else comes."""
    line, budget = Line(), small()
    timing = line.timing()
    went: dict[tuple[Priority, int], float] = {}

    async def call(number: int, priority: Priority) -> None:
        await line.sleep(1.0)  # all of them are there when the first place comes free
        await budget.enter(priority, timing, "GET /x")
        went[priority, number] = line.now
        budget.leave(line.now)

    for _ in range(LIMIT):
        await budget.enter(Priority.URGENT, timing, "GET /x")
        budget.leave(line.now)
    await line.run(*(call(number, priority) for number, priority in enumerate(priorities)))

    moments = [moment for _, moment in sorted(went.items())]
    assert moments == sorted(moments)
    assert len(moments) == len(priorities)


async def test_an_urgent_request_finds_room_beside_a_back_fill() -> None:
    """Bulk may use a part only, and what is left is there at once."""
    line, budget = Line(), small()
    timing = line.timing()
    moments: list[float] = []

    async def bulk() -> None:
        await budget.enter(Priority.BULK, timing, "POST /x")
        budget.leave(line.now)

    async def urgent() -> None:
        await line.sleep(1.0)
        for _ in range(5):
            await budget.enter(Priority.URGENT, timing, "POST /y")
            moments.append(line.now)
            budget.leave(line.now)

    await line.run(*(bulk() for _ in range(30)), urgent())

    assert moments == [1.0] * 5


async def test_a_cancelled_waiter_frees_its_place() -> None:
    """Who came behind it moves up."""
    line, budget = Line(), small(limit=1)
    timing = line.timing()
    await budget.enter(Priority.NORMAL, timing, "GET /x")
    budget.leave(line.now)
    first = asyncio.ensure_future(budget.enter(Priority.NORMAL, timing, "GET /first"))
    second = asyncio.ensure_future(budget.enter(Priority.NORMAL, timing, "GET /second"))
    await asyncio.sleep(0)

    first.cancel()
    await line.run(second)

    assert first.cancelled()
    assert line.now == MINUTE
    assert budget._waiting == []


async def test_who_would_wait_too_long_is_told_at_once(time: FakeTime) -> None:
    """With the time after which to come again."""
    budget = RequestBudget()
    budget.block(time.now, 45.0)

    with pytest.raises(RateLimitedError, match="used up for 45 s") as caught:
        await budget.enter(Priority.URGENT, time.timing(), "GET /x")

    assert (caught.value.retry_after, caught.value.status) == (45.0, 429)
    assert time.pauses == []
    await budget.enter(Priority.NORMAL, time.timing(), "GET /x")
    assert sum(time.pauses) == 45.0


@pytest.mark.parametrize(
    ("given", "state"),
    [
        (limit_headers(500, 499, 47), LimitState(500, 499, 47.0)),
        (limit_headers(500, 499, 47, skew=3_600), LimitState(500, 499, 47.0)),
        ({**limit_headers(500, 499, 47), "Date": ""}, LimitState(500, 499, 47.0)),
        (
            {**limit_headers(500, 499, 47), "X-RateLimit-Reset": "1" * 15},
            LimitState(500, 499, 86_400.0),
        ),
        ({"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": "7"}, LimitState(500, 7, 0.0)),
        ({"X-RateLimit-Limit": "0", "X-RateLimit-Remaining": "0"}, None),
        ({"X-RateLimit-Limit": "many", "X-RateLimit-Remaining": "7"}, None),
        ({"X-RateLimit-Limit": "9" * 400, "X-RateLimit-Remaining": "7"}, None),
        ({"X-RateLimit-Limit": "500"}, None),
        ({}, None),
    ],
)
def test_limits_are_read_by_the_servers_clock(
    given: dict[str, str], state: LimitState | None
) -> None:
    """Nonsense is no limit."""
    assert LimitState.of(given) == state


async def test_what_others_used_counts_too(time: FakeTime) -> None:
    """The same user at the server's own pages, or a second installation."""
    budget, timing = RequestBudget(), time.timing()
    await budget.enter(Priority.NORMAL, timing, "GET /x")
    budget.leave(time.now)

    budget.learn(limit_headers(500, 80, 30), time.now)
    for _ in range(5):
        await budget.enter(Priority.NORMAL, timing, "GET /x")
        budget.leave(time.now)
    assert time.pauses == []
    await budget.enter(Priority.NORMAL, timing, "GET /x")

    assert sum(time.pauses) == 30.0  # until the reset: 75 left are the reserve for urgent requests


async def test_the_lowest_of_answers_that_overtook_each_other_counts(time: FakeTime) -> None:
    """Until the next window begins."""
    budget = RequestBudget()
    budget.learn(limit_headers(500, 90, 30), time.now)
    budget.learn(limit_headers(500, 95, 30), time.now)
    assert budget._left == 90

    time.now += 31.0
    budget.learn(limit_headers(500, 499, 60), time.now)
    assert budget._left == 499


async def test_another_limit_is_learnt_with_its_length(time: FakeTime) -> None:
    """A limit per hour shows by its reset."""
    budget, timing = RequestBudget(), time.timing()
    budget.learn(limit_headers(20, 19, 3_600), time.now)
    for _ in range(18):  # with the one that the server has counted these are 19 of 20
        await budget.enter(Priority.URGENT, timing, "GET /x")
        budget.leave(time.now)

    with pytest.raises(RateLimitedError) as caught:
        await budget.enter(Priority.URGENT, timing, "GET /x")

    assert budget.limit == 20
    assert caught.value.retry_after == 3_600.0
