"""Questions of a process with calls, and the words that come back."""

from __future__ import annotations

import asyncio

import pytest

from sipagent.calls.delegation_approvals import Question, Verdict
from sipagent.ops.api_questions import ChannelApprover
from sipagent.ops.channel import ApprovalAsked, ApprovalClosed, ApprovalDecided, Message

QUESTION = Question("c1", "refunds", "Back office", "refund", '{"order": "7"}')


class Wire:
    """What was sent, for a test that waits for it."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[Message] = asyncio.Queue()
        self.approver = ChannelApprover(self.sent.put_nowait, lambda: 1_700_000_000.0)

    async def asking(self) -> tuple[asyncio.Task[Verdict], ApprovalAsked]:
        """Ask, and return the question as it was sent."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(self.approver.ask(QUESTION), name="asking")
        asked = await self.sent.get()
        assert isinstance(asked, ApprovalAsked)
        return task, asked


async def test_a_question_is_sent_whole() -> None:
    wire = Wire()
    task, asked = await wire.asking()
    assert asked == ApprovalAsked(
        asked.approval_id,
        "c1",
        "refunds",
        "Back office",
        "refund",
        '{"order": "7"}',
        1_700_000_000.0,
    )
    assert len(asked.approval_id) == 16
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_word_that_comes_is_the_verdict_and_is_confirmed() -> None:
    wire = Wire()
    task, asked = await wire.asking()
    wire.approver.decided(ApprovalDecided(asked.approval_id, False, "No."))
    assert await task == Verdict(False, "No.")
    assert wire.sent.get_nowait() == ApprovalClosed(asked.approval_id, is_decided=True)


async def test_a_word_for_somebody_else_is_none() -> None:
    wire = Wire()
    first, one = await wire.asking()
    second, other = await wire.asking()
    wire.approver.decided(ApprovalDecided("nobody", True, ""))
    wire.approver.decided(ApprovalDecided(other.approval_id, True, ""))
    wire.approver.decided(ApprovalDecided(other.approval_id, False, ""))
    assert await second == Verdict(True)
    assert not first.done()
    wire.approver.decided(ApprovalDecided(one.approval_id, True, ""))
    assert await first == Verdict(True)


async def test_a_question_is_withdrawn_when_nobody_waits() -> None:
    wire = Wire()
    task, asked = await wire.asking()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert wire.sent.get_nowait() == ApprovalClosed(asked.approval_id, is_decided=False)
    wire.approver.decided(ApprovalDecided(asked.approval_id, True, ""))
    assert wire.sent.empty()
