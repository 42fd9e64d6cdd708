"""The admin API: what waits for a person, what a person decides, what happens meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from .api_approvals import Approvals, Ending, Fate
from .api_calls import CALLS, CallsApi
from .api_events import Events
from .api_guard import ApiGuard, error_response, read_body
from .api_plans import PlansApi
from .api_trunks import Trunks
from .channel import ApprovalAsked, ApprovalClosed, Closed, Message, TrunkChanged
from .live_feed import Event, LiveFeed
from .status import Readiness

log = logging.getLogger(__name__)

APPROVALS = "/api/v1/approvals"
EVENTS = "/api/v1/events"
TRUNKS = "/api/v1/trunks"
ANSWER_LIMIT_S = 5.0
"""How long the process with the call may take to say whether a decision was in time."""


class Decision(BaseModel):
    """The body of a decision."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    approve: bool
    message: Annotated[str, Field(max_length=1_000)] = ""


class Api:
    """Serve ``/api/v1``.

    Args:
        guard: Who may ask.
        send: Tells a process something; a source is what ``heard`` was given.
        readiness: Of the box, now.
        calls: Places calls.
        plans: Lists, checks and loads them.
    """

    def __init__(
        self,
        guard: ApiGuard,
        send: Callable[[Hashable, Message], None],
        readiness: Callable[[], Readiness],
        calls: CallsApi,
        plans: PlansApi,
    ) -> None:
        self._guard, self._send, self.calls, self.plans = guard, send, calls, plans
        self._approvals, self._trunks = Approvals(), Trunks()
        self._events = Events(readiness, self._first)
        self._feed = LiveFeed(calls.live, self._events.tell_all)
        plans.on_change(lambda content: self._events.tell("plans", content))

    def routes(self) -> list[web.RouteDef]:
        """Return what the HTTP server is to serve."""
        operator = self.calls.operator
        return [
            web.get(APPROVALS, self._guard.guarded(self._list)),
            web.post(APPROVALS + "/{approval_id}", self._guard.guarded(self._decide)),
            web.get(TRUNKS, self._guard.guarded(self._list_trunks)),
            *self.plans.routes(self._guard),
            web.get(EVENTS, self._guard.guarded(self._events.serve)),
            web.get(CALLS, self._guard.guarded(self.calls.list)),
            web.post(CALLS, self._guard.guarded(self.calls.place)),
            web.get(CALLS + "/{call_id}", self._guard.guarded(self.calls.show)),
            web.delete(CALLS + "/{call_id}", self._guard.guarded(operator.delete)),
            web.post(CALLS + "/{call_id}/hangup", self._guard.guarded(operator.hang_up)),
            web.post(CALLS + "/{call_id}/transfer", self._guard.guarded(operator.transfer)),
            web.post(CALLS + "/{call_id}/say", self._guard.guarded(operator.say)),
            web.post(CALLS + "/{call_id}/whisper", self._guard.guarded(operator.whisper)),
            web.post(CALLS + "/{call_id}/mute", self._guard.guarded(operator.mute)),
            web.post(CALLS + "/{call_id}/unmute", self._guard.guarded(operator.unmute)),
            web.post(CALLS + "/{call_id}/handover", self._guard.guarded(operator.hand_over)),
        ]

    async def close(self) -> None:
        """End the streams."""
        self._feed.close()
        await self._events.close()

    def heard(self, source: Hashable, message: Message) -> None:
        """Take what a process with calls says; ``Closed``: it is gone."""
        self.calls.heard(source, message)
        self._feed.look()
        match message:
            case ApprovalAsked():
                self._approvals.asked(source, message)
                self._events.tell("asked", _shown(message))
                log.info("call=%s = waits for approval of %s", message.call_id, message.tool)
            case ApprovalClosed():
                self._tell_closed(message.approval_id, self._approvals.closed(message))
            case TrunkChanged():
                self._trunks.changed(source, message)
            case Closed():
                for approval_id in self._approvals.gone(source):
                    self._tell_closed(approval_id, Ending.WITHDRAWN)
                self._trunks.gone(source)
            case _:
                pass

    def _first(self) -> list[Event]:
        """Return what every stream begins with."""
        calls: Event = ("calls", {"calls": self.calls.live.listed()})
        return [("approvals", self._waiting()), calls, ("plans", self.plans.told())]

    def _tell_closed(self, approval_id: str, ending: Ending | None) -> None:
        if ending is not None:
            self._events.tell("closed", {"id": approval_id, "state": ending.value})

    async def _list_trunks(self, _: web.Request) -> web.Response:
        return web.json_response({"trunks": self._trunks.shown()})

    # Approvals.

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response(self._waiting())

    def _waiting(self) -> dict[str, Any]:
        return {"approvals": [_shown(each) for each in self._approvals.open]}

    async def _decide(self, request: web.Request) -> web.Response:
        decision = await read_body(request, Decision)
        if isinstance(decision, str):
            return error_response(400, decision)
        approval_id = request.match_info["approval_id"]
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
    asked_at = datetime.fromtimestamp(asked.asked_at, UTC).isoformat(timespec="milliseconds")
    return {
        "id": asked.approval_id,
        "call_id": asked.call_id,
        "plan": asked.plan,
        "agent": asked.agent,
        "tool": asked.tool,
        "arguments": asked.arguments,
        "asked_at": asked_at,
    }
