"""What operators want, on its way to calls and back."""

from __future__ import annotations

import asyncio

from sipagent.calls.events import OperatorWished
from sipagent.operator_acts import DONE, ActAnswer, HangUp, Say
from sipagent.ops.channel import Message, OperatorAnswered, OperatorAsked
from sipagent.ops.operator_desk import OperatorDesk


class Call:
    """Notes what is wanted of it."""

    def __init__(self) -> None:
        self.wishes: list[OperatorWished] = []

    def post(self, event: OperatorWished) -> None:
        self.wishes.append(event)


async def test_the_answer_of_the_call_is_sent_back() -> None:
    call, sent = Call(), list[Message]()
    desk = OperatorDesk(sent.append, lambda: {"c": call})
    desk.asked(OperatorAsked("r", "c", "duty", Say("x")))
    (wish,) = call.wishes
    assert (wish.act, wish.by) == (Say("x"), "duty")
    wish.answer.set_result(ActAnswer(409, "no"))
    await asyncio.sleep(0)
    assert sent == [OperatorAnswered("r", ActAnswer(409, "no"))]


async def test_there_may_be_no_such_call_any_more() -> None:
    sent = list[Message]()
    OperatorDesk(sent.append, dict).asked(OperatorAsked("r", "c", "duty", HangUp()))
    (answer,) = sent
    assert isinstance(answer, OperatorAnswered) and answer.answer.status == 404


async def test_a_call_that_is_being_dialled_can_be_given_up_and_no_more() -> None:
    sent = list[Message]()
    desk = OperatorDesk(sent.append, dict, give_up=lambda call_id: call_id == "c")
    desk.asked(OperatorAsked("r1", "c", "duty", HangUp()))
    desk.asked(OperatorAsked("r2", "c", "duty", Say("x")))
    first, second = sent
    assert first == OperatorAnswered("r1", DONE)
    assert isinstance(second, OperatorAnswered) and second.answer.status == 404
