"""Calls that are over, by the admin API: lists, one whole, its recording, figures.

| resource  | acquired          | released | on failure                                         |
|-----------|-------------------|----------|----------------------------------------------------|
| store     | the first request | `close`  | 503, and the next request tries again              |
| recording | a request         | its end  | 404 where there is none, or none of ours           |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from aiohttp import web
from multidict import MultiMapping

from sipagent.dialplan.replay import RecordedRoute
from sipagent.errors import JournalError

from .api_guard import error_response
from .api_routes import Answer, Route
from .api_shapes import Error, Figures
from .past_call import past_shown, past_turns
from .store.filters import CallFilter
from .store.reading import CallPage

log = logging.getLogger(__name__)

_T = TypeVar("_T")

MAX_CHARS = 200
MOST, USUAL = 500, 50
"""Calls in one page."""

_TIMES = {
    "from": "ISO 8601; calls that began then or later. Without a zone it is UTC.",
    "to": "The same; calls that began before.",
}
QUERY = {
    "state": "`live`, the usual, or `past`; all that follows is for the latter.",
    "plan": "Name of the plan.",
    "result": "What became of it.",
    "reason": "Why it ended.",
    "direction": "`incoming` or `outgoing`.",
    "number": "Part of who called, or was called.",
    "q": "Part of what was said.",
    **_TIMES,
    "cursor": "`next` of the page before.",
    "limit": f"Calls in a page; {USUAL}, at most {MOST}.",
}
_UNAVAILABLE = Answer("The store does not answer.", Error)


class Queries(Protocol):
    """What this needs of ``store.queries.CallQueries``."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def page(
        self, wanted: CallFilter | None = None, *, after: str = "", limit: int = 50
    ) -> CallPage: ...
    async def call(self, call_id: str) -> dict[str, Any] | None: ...
    async def routes(self, limit: int) -> list[RecordedRoute]: ...
    async def figures(self, wanted: CallFilter | None = None) -> list[dict[str, Any]]: ...


class PastCalls:
    """Serve calls of the store.

    Args:
        queries: Of the store.
        recordings: Folder in which recordings are; no other file is served.
    """

    def __init__(self, queries: Queries, recordings: Path) -> None:
        self._queries, self._recordings = queries, recordings
        self._is_open = False
        self._opening = asyncio.Lock()

    def table(self) -> list[Route]:
        """Return what is served of its own; lists and calls are those of ``CallsApi``."""
        return [
            Route(
                *("GET", "/calls/{call_id}/recording", self._recording, "What was recorded."),
                {
                    200: Answer("Stereo: caller left, agent right.", None, "audio/wav"),
                    206: Answer("The part that `Range` asks for.", None, "audio/wav"),
                    404: Answer("There is no such call, or no recording of it.", Error),
                    416: Answer("There is no such part.", None, "audio/wav"),
                    503: _UNAVAILABLE,
                },
            ),
            Route(
                *("GET", "/figures", self._figures, "Figures by day (UTC) and plan."),
                {
                    200: Answer("Newest first.", Figures),
                    400: Answer("What is asked cannot be read.", Error),
                    503: _UNAVAILABLE,
                },
                query={"plan": QUERY["plan"], **_TIMES},
            ),
        ]

    async def listed(self, request: web.Request) -> web.Response:
        """Return a page of calls."""
        query = request.query
        try:
            wanted, after, limit = _filter(query), _text(query, "cursor"), _limit(query)
            page = await self._asked(lambda: self._queries.page(wanted, after=after, limit=limit))
        except ValueError as error:
            return error_response(400, str(error))
        except JournalError as error:
            return _unavailable(error)
        calls = [past_shown(call) for call in page.calls]
        return web.json_response({"calls": calls, "next": page.next})

    async def whole(self, call_id: str) -> dict[str, Any] | None:
        """Return a call with transcript and record, None if there is none.

        Raises:
            JournalError: If the store does not answer.
        """
        call = await self.record(call_id)
        if call is None:
            return None
        return {**past_shown(call), "transcript": past_turns(call), "record": call}

    async def record(self, call_id: str) -> dict[str, Any] | None:
        """Return all that the store has of a call, None if there is none.

        Raises:
            JournalError: If the store does not answer.
        """
        if "\x00" in call_id or len(call_id) > MAX_CHARS:
            return None
        return await self._asked(lambda: self._queries.call(call_id))

    async def routes(self, limit: int) -> list[RecordedRoute]:
        """Return how the last incoming calls were routed, newest first.

        Raises:
            JournalError: If the store does not answer.
        """
        return await self._asked(lambda: self._queries.routes(limit))

    async def close(self) -> None:
        """Let go of the store; safe twice."""
        await self._queries.close()
        self._is_open = False

    async def _asked(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        async with self._opening:
            if not self._is_open:
                await self._queries.open()
                self._is_open = True
        return await ask()

    async def _figures(self, request: web.Request) -> web.Response:
        try:
            wanted = _filter(request.query)
            figures = await self._asked(lambda: self._queries.figures(wanted))
        except ValueError as error:
            return error_response(400, str(error))
        except JournalError as error:
            return _unavailable(error)
        return web.json_response({"figures": figures})

    async def _recording(self, request: web.Request) -> web.StreamResponse:
        try:
            call = await self.record(request.match_info["call_id"])
        except JournalError as error:
            return _unavailable(error)
        if call is None:
            return error_response(404, "there is no such call")
        path = call["recording"].get("path", "")
        file = await asyncio.to_thread(_below, self._recordings, Path(path)) if path else None
        if file is None:
            return error_response(404, "there is no recording of it")
        return web.FileResponse(file, headers={"Content-Type": "audio/wav"})


def _below(folder: Path, path: Path) -> Path | None:
    """Return a file that is there, whole, and in ``folder``; links lead nowhere else."""
    file = path.resolve()
    is_ours = file.is_relative_to(folder.resolve()) and file.suffix == ".wav"
    return file if is_ours and file.is_file() else None


def _filter(query: MultiMapping[str]) -> CallFilter:
    return CallFilter(
        plan=_text(query, "plan"),
        result=_text(query, "result"),
        reason=_text(query, "reason"),
        direction=_text(query, "direction"),
        number=_text(query, "number"),
        text=_text(query, "q"),
        since_ms=_time_ms(query, "from"),
        until_ms=_time_ms(query, "to"),
    )


def _text(query: MultiMapping[str], name: str) -> str:
    text = query.get(name, "")
    if len(text) > MAX_CHARS or "\x00" in text:
        raise ValueError(f"{name}: must be at most {MAX_CHARS} characters of text")
    return text


def _time_ms(query: MultiMapping[str], name: str) -> int | None:
    text = _text(query, name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise ValueError(f"{name}: must be a time, such as 2026-01-31T09:30:00Z") from None


def _limit(query: MultiMapping[str]) -> int:
    text = _text(query, "limit") or str(USUAL)
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST):
        raise ValueError(f"limit: must be a number from 1 to {MOST}")
    return int(text)


def _unavailable(error: JournalError) -> web.Response:
    log.error("! the store does not answer: %s", error)
    return error_response(503, "the store does not answer")
