"""The admin API, wired together: what it serves, and what it is told of."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Any

from aiohttp import web

from .api_box import BoxApi
from .api_calls import CallsApi
from .api_deciding import ApprovalsApi
from .api_events import Events
from .api_flights import FlightsApi
from .api_guard import ApiGuard, error_response
from .api_listen import ListenApi
from .api_plans import PlansApi
from .api_routes import Answer, Route
from .api_shapes import AuditEntries, Error, TrunksShown
from .api_trunks import Trunks
from .audit import AT_HAND
from .channel import Closed, Message, TrunkChanged
from .live_feed import Event, LiveFeed
from .openapi import openapi_document
from .status import Readiness

EVENTS, TRUNKS, AUDIT, DOCUMENT = "/events", "/trunks", "/audit", "/openapi.json"


class Api:
    """Serve ``/api/v1``.

    Args:
        guard: Who may ask.
        send: Tells a process something; a source is what ``heard`` was given.
        readiness: Of the box, now.
        calls: Places calls, and knows those there are.
        plans: Lists, checks and loads them.
        sources: What the processes with calls are known as.
        flights: Has records of calls saved, and sends them.
        audited: Returns the last entries of the audit log, newest first.
    """

    def __init__(
        self,
        guard: ApiGuard,
        send: Callable[[Hashable, Message], None],
        readiness: Callable[[], Readiness],
        calls: CallsApi,
        plans: PlansApi,
        sources: Sequence[Hashable],
        flights: FlightsApi,
        audited: Callable[[int], list[dict[str, Any]]] = lambda _: [],
    ) -> None:
        self._guard, self._audited = guard, audited
        self.calls, self.plans, self.flights = calls, plans, flights
        self._trunks = Trunks()
        self._events = Events(readiness, self._first)
        self._approvals = ApprovalsApi(send, self._events.tell)
        self._box = BoxApi(send, sources, calls.live)
        self._listen = ListenApi(calls.live, send)
        self._feed = LiveFeed(calls.live, self._events.tell_all)
        plans.on_change(lambda content: self._events.tell("plans", content))

    def table(self) -> list[Route]:
        """Return everything that is served."""
        return [
            *self._approvals.table(),
            *self.calls.table(),
            *self.calls.operator.table(),
            *self._listen.table(),
            *self.plans.table(),
            *self._box.table(),
            *self.flights.table(),
            Route(
                *("GET", TRUNKS, self._list_trunks, "What is known of the trunks."),
                {200: Answer("By name.", TrunksShown)},
            ),
            Route(
                *("GET", EVENTS, self._events.serve, "What there is, then every change."),
                {
                    200: Answer("Server-sent events, without end.", None, "text/event-stream"),
                    503: Answer("No more streams are served.", Error),
                },
            ),
            Route(
                *("GET", AUDIT, self._list_audited, "What people had done."),
                {
                    200: Answer("The last, newest first.", AuditEntries),
                    400: Answer("Not a number.", Error),
                },
                query={"limit": f"How many; 100, at most {AT_HAND}."},
            ),
            Route(
                *("GET", DOCUMENT, self._describe, "This document."),
                {200: Answer("OpenAPI 3.1.")},
            ),
        ]

    def routes(self) -> list[web.RouteDef]:
        """Return what the HTTP server is to serve."""
        return [
            web.route(each.method, each.whole_path, self._guard.guarded(each))
            for each in self.table()
        ]

    @cached_property
    def document(self) -> dict[str, Any]:
        """The OpenAPI document."""
        return openapi_document(self.table(), version("sipagent"))

    async def close(self) -> None:
        """End the streams."""
        self._feed.close()
        self._listen.close()
        await self._events.close()
        await self.calls.past.close()

    def heard(self, source: Hashable, message: Message) -> None:
        """Take what a process with calls says; ``Closed``: it is gone."""
        self._listen.heard(source, message)
        self.calls.heard(source, message)
        self._feed.look()
        self._approvals.heard(source, message)
        self._box.heard(source, message)
        self.flights.heard(source, message)
        match message:
            case TrunkChanged():
                self._trunks.changed(source, message)
            case Closed():
                self._trunks.gone(source)
            case _:
                pass

    def _first(self) -> list[Event]:
        """Return what every stream begins with."""
        calls: Event = ("calls", {"calls": self.calls.live.listed()})
        return [("approvals", self._approvals.waiting()), calls, ("plans", self.plans.told())]

    async def _list_trunks(self, _: web.Request) -> web.Response:
        return web.json_response({"trunks": self._trunks.shown()})

    async def _list_audited(self, request: web.Request) -> web.Response:
        wanted = request.query.get("limit", "100")
        if not (
            wanted.isascii()
            and wanted.isdecimal()
            and len(wanted) < 9
            and 1 <= int(wanted) <= AT_HAND
        ):
            return error_response(400, f"limit: must be a number from 1 to {AT_HAND}")
        return web.json_response({"entries": self._audited(int(wanted))})

    async def _describe(self, _: web.Request) -> web.Response:
        return web.json_response(self.document)
