"""Who listens in to the calls of a process, and what reaches the supervisor of it."""

from __future__ import annotations

import asyncio

from sipagent.calls.events import ListenWished
from sipagent.operator_acts import DONE, ActAnswer
from sipagent.ops.channel import Message
from sipagent.ops.listen_desk import MOST_WAITING, ListenDesk
from sipagent.ops.listen_messages import HeardAudio, ListenAnswered, ListenAsked, ListenEnded


class Line:
    """A channel that has room when the test says so."""

    def __init__(self) -> None:
        self.has_room = True
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        """Note it."""
        self.sent.append(message)


class Call:
    """A call that answers as the test says."""

    def __init__(self, answer: ActAnswer = DONE) -> None:
        self._answer = answer

    def post(self, event: ListenWished) -> None:
        """Answer at once."""
        self.listener = event.listener
        event.answer.set_result(self._answer)


async def listening(line: Line, answer: ActAnswer = DONE) -> tuple[ListenDesk, Call]:
    """Return a desk, somebody of which has asked to listen to a call."""
    call = Call(answer)
    desk = ListenDesk(line, lambda: {"c": call})
    desk.asked(ListenAsked("r", "c", "duty"))
    await asyncio.sleep(0)
    assert line.sent.pop(0) == ListenAnswered("r", answer)
    return desk, call


async def test_what_is_heard_is_sent_until_the_call_ends() -> None:
    line = Line()
    _, call = await listening(line)
    call.listener.hear(b"1")
    call.listener.end()
    call.listener.end()
    assert line.sent == [HeardAudio("r", b"1"), ListenEnded("r")]


async def test_without_room_the_oldest_is_lost() -> None:
    line = Line()
    _, call = await listening(line)
    line.has_room = False
    for number in range(MOST_WAITING + 2):
        call.listener.hear(bytes([number]))
    assert line.sent == []
    line.has_room = True
    call.listener.hear(b"now")
    pieces = [each.pcm for each in line.sent if isinstance(each, HeardAudio)]
    assert pieces == [*(bytes([number]) for number in range(3, MOST_WAITING + 2)), b"now"]


async def test_who_leaves_is_gone_for_the_call() -> None:
    line = Line()
    desk, call = await listening(line)
    desk.ended(ListenEnded("r"))
    desk.ended(ListenEnded("r"))
    assert call.listener.is_gone
    call.listener.end()
    assert line.sent == []


async def test_a_call_that_is_not_there_or_refuses_says_so() -> None:
    line = Line()
    await listening(line, ActAnswer(409, "no"))
    ListenDesk(line, dict).asked(ListenAsked("r2", "x", "duty"))
    (answer,) = line.sent
    assert isinstance(answer, ListenAnswered) and answer.answer.status == 409
