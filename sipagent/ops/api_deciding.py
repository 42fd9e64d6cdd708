"""Approvals by the admin API: what waits for a person, and what a person decides."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from .api_approvals import Approvals, Ending, Fate
from .api_guard import about_call, error_response, read_body
from .api_routes import Answer, Route
from .api_shapes import ApprovalsShown, Decided, Error
from .asking import ANSWER_LIMIT_S
from .channel import ApprovalAsked, ApprovalClosed, Closed, Message
from .clock import shown_time

log = logging.getLogger(__name__)

APPROVALS = "/approvals"


class Decision(BaseModel):
    """The body of a decision."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    approve: bool
    message: Annotated[str, Field(max_length=1_000)] = ""


class ApprovalsApi:
    """Serve ``/api/v1/approvals``.

    Args:
        send: Tells a process something.
        tell: Tells the readers of the event stream something.
    """

    def __init__(
        self,
        send: Callable[[Hashable, Message], None],
        tell: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self._send, self._tell = send, tell
        self._approvals = Approvals()

    def table(self) -> list[Route]:
        """Return what is served."""
        decided = {
            200: Answer("The word was taken, and the call goes on.", Decided),
            400: Answer("The body is no decision.", Error),
            404: Answer("There is no such approval.", Error),
            409: Answer("It is decided already, or nobody waits for it any more.", Error),
            503: Answer("The process with the call does not answer.", Error),
        }
        return [
            Route(
                *("GET", APPROVALS, self._list, "What waits for a person."),
                {200: Answer("Oldest first.", ApprovalsShown)},
            ),
            Route(
                *("POST", APPROVALS + "/{approval_id}", self._decide, "Approve or reject."),
                *(decided, Decision),
            ),
        ]

    def heard(self, source: Hashable, message: Message) -> None:
        """Take what a process with calls says; ``Closed``: it is gone."""
        match message:
            case ApprovalAsked():
                self._approvals.asked(source, message)
                self._tell("asked", _shown(message))
                log.info("call=%s = waits for approval of %s", message.call_id, message.tool)
            case ApprovalClosed():
                self._tell_closed(message.approval_id, self._approvals.closed(message))
            case Closed():
                for approval_id in self._approvals.gone(source):
                    self._tell_closed(approval_id, Ending.WITHDRAWN)
            case _:
                pass

    def waiting(self) -> dict[str, Any]:
        """Return what waits, as it is shown."""
        return {"approvals": [_shown(each) for each in self._approvals.open]}

    def _tell_closed(self, approval_id: str, ending: Ending | None) -> None:
        if ending is not None:
            self._tell("closed", {"id": approval_id, "state": ending.value})

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response(self.waiting())

    async def _decide(self, request: web.Request) -> web.Response:
        decision = await read_body(request, Decision)
        if isinstance(decision, str):
            return error_response(400, decision)
        approval_id = request.match_info["approval_id"]
        for asked in self._approvals.open:
            if asked.approval_id == approval_id:
                about_call(request, asked.call_id)
        fate: asyncio.Future[Fate] = asyncio.get_running_loop().create_future()
        found = self._approvals.decide(
            approval_id,
            decision.approve,
            decision.message,
            lambda each: None if fate.done() else fate.set_result(each),
        )
        if isinstance(found, Fate):
            return _fate(approval_id, found, decision)
        source, message = found
        self._send(source, message)
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                return _fate(approval_id, await fate, decision)
        except TimeoutError:
            return error_response(503, "the process with the call does not answer")


def _fate(approval_id: str, fate: Fate, decision: Decision) -> web.Response:
    match fate:
        case Fate.TAKEN:
            state = "approved" if decision.approve else "rejected"
            return web.json_response({"id": approval_id, "state": state})
        case Fate.TOO_LATE:
            return error_response(409, "is decided already, or nobody waits for it any more")
        case Fate.UNKNOWN:
            return error_response(404, "there is no such approval")


def _shown(asked: ApprovalAsked) -> dict[str, Any]:
    return {
        "id": asked.approval_id,
        "call_id": asked.call_id,
        "plan": asked.plan,
        "agent": asked.agent,
        "tool": asked.tool,
        "arguments": asked.arguments,
        "asked_at": shown_time(asked.asked_at),
    }
