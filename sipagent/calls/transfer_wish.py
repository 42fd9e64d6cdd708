"""What an agent asks when it wants the caller to talk to somebody else, and who must allow it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import orjson

from sipagent.dialplan.transfer import TRANSFER_TOOL

from .delegation_approvals import Approver, Question
from .transfer_setup import TransferSetup

ALREADY = "The caller is being transferred already."


@dataclass(frozen=True, slots=True)
class TransferWish:
    """What the tool was called with."""

    target: str
    """A name of the plan's."""
    briefing: str = ""
    """What the target is to be told, in words."""
    agent: str = ""
    """Who asked."""


class TransferApproval:
    """Get a person's word where the plan wants it; the caller goes on talking meanwhile.

    Args:
        call_id: Ours.
        plan: Name of the call's plan.
        setup: Says which targets need it, and how long the person has.
        approver: Who asks.
    """

    def __init__(self, call_id: str, plan: str, setup: TransferSetup, approver: Approver) -> None:
        self._call_id, self._plan = call_id, plan
        self._setup, self._approver = setup, approver

    async def objection(self, wish: TransferWish) -> str:
        """Return why there will be no transfer, ``""`` if there may be one.

        Cancelling it withdraws the question.
        """
        if not self._setup.targets[wish.target].needs_approval:
            return ""
        arguments = orjson.dumps({"target": wish.target, "briefing": wish.briefing}).decode()
        question = Question(self._call_id, self._plan, wish.agent, TRANSFER_TOOL, arguments)
        try:
            async with asyncio.timeout(self._setup.approval_s):
                verdict = await self._approver.ask(question)
        except TimeoutError:
            return "The transfer was not made: nobody approved it in time."
        if verdict.is_approved:
            return ""
        reason = verdict.message or "it was not approved"
        return f"The transfer was not made: {reason.rstrip('.')}."


def unknown_target(setup: TransferSetup) -> str:
    """Say that there is no such target."""
    known = ", ".join(setup.targets) or "none"
    return f"The transfer failed: there is no such target; known: {known}."
