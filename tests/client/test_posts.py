"""Posts to one sensor never share an event and a second of belief: the server would lose the later one."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.flexmeasures.client import FlexMeasuresClient, FlexMeasuresError
from custom_components.flexmeasures.client.posts import PostOrder

from .conftest import FakeTime
from .fault_server import FaultServer, Reply
from .virtual_time import Line

START: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUARTER: Final = timedelta(minutes=15)

ACCEPTED = Reply(status=202, body={"job": "a"})


async def send(
    client: FlexMeasuresClient, sensor_id: int = 3, quarter: int = 0, prior: datetime | None = None
) -> None:
    """Post one value."""
    start = START + quarter * QUARTER
    await client.post_sensor_data(
        sensor_id, start=start, duration=QUARTER, values=[1.0], unit="kW", prior=prior
    )


@pytest.mark.parametrize(
    ("sensor_id", "quarter", "pauses"),
    [
        pytest.param(3, 0, [1.05], id="the same event"),
        pytest.param(3, 1, [], id="another event"),
        pytest.param(4, 0, [], id="another sensor"),
    ],
)
async def test_a_second_post_of_an_event_waits_for_another_second(
    sensor_id: int,
    quarter: int,
    pauses: list[float],
    client: FlexMeasuresClient,
    server: FaultServer,
    time: FakeTime,
) -> None:
    """Counted from the end of the first."""
    server.script(ACCEPTED)

    await send(client)
    await send(client, sensor_id, quarter)

    assert time.pauses == pytest.approx(pauses)


async def test_a_later_post_does_not_wait(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """The second is over."""
    server.script(ACCEPTED)
    await send(client)

    time.now += 1.1
    await send(client)

    assert time.pauses == []


async def test_a_post_that_failed_may_have_been_taken(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """So it counts."""
    server.script(Reply(status=400, body={"message": "No."}), ACCEPTED)

    with pytest.raises(FlexMeasuresError):
        await send(client)
    await send(client)

    assert time.pauses == pytest.approx([1.05])


async def test_the_same_explicit_time_is_moved_on_by_a_second(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """For the same event only; fractions of a second do not tell times apart."""
    server.script(ACCEPTED)

    await send(client, prior=START)
    await send(client, prior=START + timedelta(milliseconds=400))
    await send(client, prior=START)
    await send(client, quarter=1, prior=START)

    assert [request.body["prior"] for request in server.requests] == [
        "2026-03-01T12:00:00+00:00",
        "2026-03-01T12:00:01+00:00",
        "2026-03-01T12:00:02+00:00",
        "2026-03-01T12:00:00+00:00",
    ]
    assert time.pauses == []


async def test_an_explicit_time_avoids_the_second_of_an_answer(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """By the server's clock, which need not be ours."""
    date = {"Date": "Sun, 01 Mar 2026 12:00:05 GMT"}
    server.script(Reply(status=202, body={"job": "a"}, headers=date))

    await send(client)
    await send(client, prior=START + timedelta(seconds=4, microseconds=1))
    await send(client, prior=START + timedelta(seconds=3))

    assert [request.body.get("prior") for request in server.requests] == [
        None,
        "2026-03-01T12:00:06+00:00",
        "2026-03-01T12:00:03+00:00",
    ]


POSTS = st.lists(
    st.tuples(
        st.floats(0, 5),  # when it is made
        st.integers(0, 2),  # first quarter
        st.integers(1, 2),  # quarters
        st.floats(0, 2),  # how long it takes
        st.floats(0, 1),  # where in between the server looks at its clock
        st.none() | st.integers(0, 8),  # explicit second of belief
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=150)
@given(POSTS, st.floats(0, 1))
async def test_no_two_posts_ever_share_event_and_second(
    posts: list[tuple[float, int, int, float, float, int | None]], phase: float
) -> None:
    """However they come. Explicit times lie in the past, as times of knowledge do."""
    line = Line()
    order = PostOrder(line.timing())
    beliefs: set[tuple[int, int]] = set()
    epoch = START - timedelta(seconds=START.timestamp() % 1)

    def server_clock() -> datetime:
        return epoch + timedelta(seconds=line.now + phase)

    async def post(
        at: float, first: int, quarters: int, length: float, where: float, second: int | None
    ) -> None:
        await line.sleep(at)
        prior = None if second is None else epoch - timedelta(seconds=100 - second)
        async with order.turn(3, START + first * QUARTER, quarters * QUARTER, prior) as turn:
            await line.sleep(where * length)
            belief = turn.prior or server_clock()
            for quarter in range(first, first + quarters):
                key = (quarter, int(belief.timestamp()))
                assert key not in beliefs
                beliefs.add(key)
            await line.sleep(length - where * length)
            turn.answered = format_datetime(server_clock(), usegmt=True)

    await line.run(*(post(*arguments) for arguments in posts))


async def test_a_cancelled_post_lets_the_next_one_go(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The turn ends with its owner."""
    server.hold_sign_in = asyncio.Event()
    server.script(ACCEPTED)
    first, second = (asyncio.ensure_future(send(client)) for _ in range(2))
    await server.arrived.wait()

    first.cancel()
    server.hold_sign_in.set()
    await second

    assert first.cancelled()
    assert len(server.requests) == 1
