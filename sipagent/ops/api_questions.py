"""Questions of a process with calls to whoever decides, over its channel to the supervisor.

| resource | acquired | released | on failure                                       |
|----------|----------|----------|--------------------------------------------------|
| question | ``ask``  | ``ask``  | withdrawn: nobody waits for its answer any more  |
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from sipagent.calls.delegation_approvals import Question, Verdict

from .channel import ApprovalAsked, ApprovalClosed, ApprovalDecided, Message


class ChannelApprover:
    """Ask the supervisor.

    Args:
        send: Of the channel.
        wall_clock: Returns Unix seconds.
    """

    def __init__(self, send: Callable[[Message], None], wall_clock: Callable[[], float]) -> None:
        self._send, self._wall_clock = send, wall_clock
        self._waiting: dict[str, asyncio.Future[Verdict]] = {}

    async def ask(self, question: Question) -> Verdict:
        """Return what a person says; cancelling it withdraws the question."""
        approval_id = secrets.token_hex(8)
        waiting = self._waiting[approval_id] = asyncio.get_running_loop().create_future()
        asked = ApprovalAsked(
            approval_id,
            question.call_id,
            question.plan,
            question.agent,
            question.tool,
            question.arguments,
            self._wall_clock(),
        )
        self._send(asked)
        verdict: Verdict | None = None
        try:
            verdict = await waiting
            return verdict
        finally:
            del self._waiting[approval_id]
            self._send(ApprovalClosed(approval_id, is_decided=verdict is not None))

    def decided(self, decided: ApprovalDecided) -> None:
        """Take a person's word; it counts if somebody still waits for it."""
        waiting = self._waiting.get(decided.approval_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(Verdict(decided.is_approved, decided.message))
