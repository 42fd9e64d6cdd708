"""Supervisor and worker tell each other things; the end of one is a message to the other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import pytest

from sipagent.ops.channel import (
    Channel,
    Closed,
    Drain,
    Failed,
    Heartbeat,
    Message,
    Ready,
    Stop,
)
from tests.open_files import name_of, open_files

MESSAGES: list[Message] = [
    Ready(5070, 4, 2),
    Heartbeat(1, 4, is_draining=False),
    Drain(30),
    Failed("no port\nat all"),
    Stop(),
]


class Side:
    """One end, and what it was told."""

    def __init__(self, connection: Connection) -> None:
        self.told: asyncio.Queue[Message] = asyncio.Queue()
        self.channel = Channel(connection, self.told.put_nowait)

    async def next(self) -> Message:
        async with asyncio.timeout(10):
            return await self.told.get()


@pytest.fixture
async def pipe() -> tuple[Connection, Connection]:
    return Pipe()


@pytest.fixture
async def sides(pipe: tuple[Connection, Connection]) -> tuple[Side, Side]:
    return Side(pipe[0]), Side(pipe[1])


@pytest.fixture(autouse=True)
def _nothing_is_left_open(pipe: tuple[Connection, Connection]) -> Iterator[None]:
    yield
    for connection in pipe:
        assert connection.closed


async def test_messages_arrive_whole_and_in_order_both_ways(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides
    for one, other in ((ours, theirs), (theirs, ours)):
        for message in MESSAGES:
            one.channel.send(message)
        assert [await other.next() for _ in MESSAGES] == MESSAGES
    ours.channel.close()
    theirs.channel.close()


async def test_the_end_of_one_side_is_told_after_its_last_words(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides
    theirs.channel.send(Failed("why"))
    theirs.channel.close()
    assert [await ours.next(), await ours.next()] == [Failed("why"), Closed()]
    assert theirs.told.empty()  # who closes knows


async def test_what_nobody_is_there_for_is_lost_and_the_end_told_once(
    sides: tuple[Side, Side], pipe: tuple[Connection, Connection]
) -> None:
    ours, theirs = sides
    theirs.channel.close()
    ours.channel.send(Stop())
    ours.channel.send(Stop())
    assert await ours.next() == Closed()
    ours.channel.send(Stop())
    await asyncio.sleep(0)
    assert ours.told.empty()


async def test_closing_is_safe_twice(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides
    ours.channel.close()
    ours.channel.close()
    assert await theirs.next() == Closed()


async def test_who_closes_while_told_is_told_no_more(pipe: tuple[Connection, Connection]) -> None:
    told: list[Message] = []
    done = asyncio.Event()

    def tell(message: Message) -> None:
        told.append(message)
        channel.close()
        done.set()

    pipe[0].send(Ready(1, 1, 1))
    pipe[0].send(Stop())
    channel = Channel(pipe[1], tell)
    async with asyncio.timeout(10):
        await done.wait()
    await asyncio.sleep(0)
    assert told == [Ready(1, 1, 1)]
    pipe[0].close()


async def test_a_peer_that_dies_in_mid_message_is_gone(
    pipe: tuple[Connection, Connection],
) -> None:
    ours = Side(pipe[0])
    ends = {name_of(each.fileno()) for each in pipe}
    pipe[1]._send(b"\x00\x00\x01\x00half")  # type: ignore[attr-defined]  # 256 bytes announced
    pipe[1].close()
    assert await ours.next() == Closed()
    assert not ends & set(open_files())
