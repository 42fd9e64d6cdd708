"""An admin API over HTTP, and a process with calls that answers as the test says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp

from sipagent.operator_acts import DONE, ActAnswer
from sipagent.ops.api import Api
from sipagent.ops.api_calls import CallsApi
from sipagent.ops.api_flights import FlightsApi
from sipagent.ops.api_guard import ApiGuard
from sipagent.ops.api_past import PastCalls, Queries
from sipagent.ops.api_plans import PlansApi
from sipagent.ops.api_routes import V1
from sipagent.ops.api_tokens import Asker, Role, Token
from sipagent.ops.channel import (
    ApprovalAsked,
    ApprovalClosed,
    ApprovalDecided,
    DialAnswered,
    DialAsked,
    FlightAnswered,
    FlightAsked,
    Heartbeat,
    Message,
    OperatorAnswered,
    OperatorAsked,
)
from sipagent.ops.dial_guard import DialGuard
from sipagent.ops.http import OpsServer
from sipagent.ops.live_calls import LiveCalls
from sipagent.ops.settings import DialSettings
from sipagent.ops.status import Readiness
from sipagent.ops.store.costs import Price
from sipagent.sip.emergency import EMERGENCY_NUMBERS
from tests.fakes.call_queries import FakeQueries
from tests.fakes.plan_keeper import FakeKeeper

from .fits import check_answer

APPROVALS, CALLS, EVENTS = V1 + "/approvals", V1 + "/calls", V1 + "/events"

PRICE = Price(audio_in=10.0, audio_out=20.0, per_minute=0.06)
"""Of the model "priced"."""

YES = {"approve": True}


def asked(approval_id: str = "a1", **changes: Any) -> ApprovalAsked:
    """Return a question."""
    question = ApprovalAsked(
        approval_id, "c1", "refunds", "Back office", "refund", '{"order": "7"}', 1_700_000_000.5
    )
    return replace(question, **changes)


class Served:
    """What runs, and what was heard of it."""

    def __init__(self, folder: Path, bind: str, token: str, queries: Queries | None) -> None:
        self._folder, self._bind, self._queries = folder, bind, queries
        self._tokens = [
            Token(Asker(f"{role}er", role), f"{token}{end}")
            for role, end in ((Role.OPERATE, ""), (Role.READ, "-read"))
            if token
        ]
        self.audited: list[dict[str, Any]] = []
        self.live_flights: set[str] = set()
        self.sent: list[tuple[Hashable, Message]] = []
        self.in_time = True
        self.dial = DialSettings(allow=("+49*", "sip:*@pbx.example"), trunk="provider")
        self.answers = (202, "")
        self.done: ActAnswer | None = DONE
        """What becomes of what operators want; None: nobody says."""
        self.on_sent: Callable[[], None] = lambda: None
        self.on_flight: Callable[[str], None] = lambda _: None
        """Called when a flight record is asked for."""
        self.readiness = Readiness(True, (), 1, 4)
        self.port = 0

    async def start(self) -> None:
        """Serve, the second time on the same port and without what was asked."""
        guard = DialGuard(self.dial, EMERGENCY_NUMBERS)
        self.store = FakeQueries()
        past = PastCalls(self._queries or self.store, self._folder / "recordings")
        live = LiveCalls({"priced": PRICE}, "gpt-realtime")
        calls = CallsApi(self.dial, guard, self._send, "w", live, past)
        self.keeper = FakeKeeper()
        self.api = Api(
            ApiGuard(self._bind, self._tokens, self.audited.append),
            self._send,
            lambda: self.readiness,
            calls,
            PlansApi(self.keeper, past.routes),
            ("w", "attached"),
            FlightsApi(
                self._folder / "flights",
                self._folder / "recordings",
                lambda call_id: call_id in self.live_flights,
                self._send,
            ),
            lambda count: self.audited[: -count - 1 : -1],
        )
        self.api.flights.heard("w", Heartbeat(0, 4, is_draining=False))
        self._server = OpsServer(
            "127.0.0.1", self.port, str(self._folder), lambda: self.readiness, api=self.api
        )
        await self._server.start()
        self.port = self._server.port

    async def close(self) -> None:
        """Serve no more; safe twice."""
        await self._server.close()

    def _send(self, source: Hashable, message: Message) -> None:
        self.sent.append((source, message))
        self.on_sent()
        match message:
            case FlightAsked(request_id, call_id):
                self.on_flight(call_id)
                self.api.heard(source, FlightAnswered(request_id, is_saved=False))
            case ApprovalDecided(approval_id):
                self.api.heard(source, ApprovalClosed(approval_id, is_decided=self.in_time))
            case DialAsked(call_id):
                self.api.heard(source, DialAnswered(call_id, *self.answers))
            case OperatorAsked(request_id) if self.done is not None:
                self.api.heard(source, OperatorAnswered(request_id, self.done))
            case _:
                pass

    async def asks(
        self, method: str, path: str = APPROVALS, **options: Any
    ) -> tuple[int, dict[str, Any]]:
        """Return status and body of an answer."""
        url = f"http://127.0.0.1:{self.port}{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, **options) as response,
        ):
            content = await response.json()
            check_answer(self.api.document, method, path, response.status, content)
            return response.status, content

    async def decides(
        self, body: Any = YES, approval_id: str = "a1", **options: Any
    ) -> tuple[int, dict[str, Any]]:
        """Post a decision."""
        return await self.asks("POST", f"{APPROVALS}/{approval_id}", json=body, **options)


@asynccontextmanager
async def served_api(
    folder: Path, bind: str = "127.0.0.1", token: str = "", queries: Queries | None = None
) -> AsyncIterator[Served]:
    """Serve an API until the end of the block, of a store if there is one."""
    running = Served(folder, bind, token, queries)
    await running.start()
    try:
        yield running
    finally:
        await running.close()
