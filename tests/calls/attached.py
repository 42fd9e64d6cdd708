"""A provider for attached calls: its connector notes, its sessions are scripted, over real sockets.

A call's socket ends when it is hung up, as the provider's does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeAlias

from sipagent.calls.attached_desk import AttachedDesk
from sipagent.calls.journal import AttachedState, JournalEntry
from sipagent.calls.setup import CallDecision
from sipagent.dialplan.call_keys import CallKeys
from sipagent.errors import JournalError, SessionError
from sipagent.realtime.endpoint import Endpoint
from tests.fakes.scripted_endpoint import ScriptedEndpoint, scripted_endpoint

from .leg import Told
from .talk import call_setup

RECEIVED_AT = 1_700_000_000.0
HEADERS = (
    ("From", '"Ada" <sip:+4930123456@example.org>;tag=1'),
    ("To", "<sip:desk@example.org>"),
    ("Call-ID", "sip-1"),
)
CREATED: dict[str, Any] = {"type": "session.created", "session": {}}

Request: TypeAlias = tuple[str, str, Any]
Route: TypeAlias = Callable[[CallKeys], CallDecision | None]


def entry(realtime_call_id: str = "rtc_1", **changes: Any) -> JournalEntry:
    """Return a call that waits."""
    waiting = JournalEntry(realtime_call_id, AttachedState.NEW, HEADERS, RECEIVED_AT)
    return replace(waiting, **changes)


class MemoryJournal:
    """A journal without a disk.

    Attributes:
        entries: By the provider's ids.
        accepts: How often an accept was written.
        saves: How often a history was written.
        is_broken: Whether writing fails.
        may_save: Cleared to let a save hang.
    """

    def __init__(self, *entries: JournalEntry) -> None:
        self.entries = {each.realtime_call_id: each for each in entries}
        self.accepts = self.saves = 0
        self.is_broken = False
        self.may_save = asyncio.Event()
        self.may_save.set()
        self._changed = asyncio.Condition()

    async def waiting(self) -> Sequence[JournalEntry]:
        """Return what nobody decided on."""
        return self._in(AttachedState.NEW)

    async def alive(self) -> Sequence[JournalEntry]:
        """Return what was accepted."""
        return self._in(AttachedState.ACCEPTED)

    async def accepted(self, realtime_call_id: str, *, call_id: str, plan: str) -> None:
        """Note an accept."""
        changes = {"state": AttachedState.ACCEPTED, "call_id": call_id, "plan": plan}
        await self._write(realtime_call_id, changes)
        self.accepts += 1

    async def save(
        self, realtime_call_id: str, *, agent: str, history: Sequence[dict[str, Any]]
    ) -> None:
        """Note who speaks."""
        await self.may_save.wait()
        self.saves += 1
        await self._write(realtime_call_id, {"agent": agent, "history": tuple(history)})

    async def ended(self, realtime_call_id: str) -> None:
        """Note an end."""
        await self._write(realtime_call_id, {"state": AttachedState.ENDED})

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds; looked at after each write."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(holds)

    def _in(self, state: AttachedState) -> list[JournalEntry]:
        return [each for each in self.entries.values() if each.state is state]

    async def _write(self, realtime_call_id: str, changes: dict[str, Any]) -> None:
        if self.is_broken:
            raise JournalError("the disk is full")
        async with self._changed:
            before = self.entries[realtime_call_id]
            self.entries[realtime_call_id] = replace(before, **changes)
            self._changed.notify_all()


class NotingConnector:
    """Notes requests and grants them.

    Attributes:
        requests: Kind, call and body of each, in order.
        failures: What a kind is answered with instead.
        may_accept: Cleared to let an accept hang.
    """

    def __init__(self, endpoint: ScriptedEndpoint) -> None:
        self._endpoint = endpoint
        self.requests: list[Request] = []
        self.failures: dict[str, SessionError] = {}
        self.may_accept = asyncio.Event()
        self.may_accept.set()
        self._changed = asyncio.Condition()

    def kinds(self) -> list[str]:
        """Return what was asked, in order."""
        return [kind for kind, _, _ in self.requests]

    async def accept(self, realtime_call_id: str, session: dict[str, Any]) -> None:
        """Answer."""
        await self._note("accept", realtime_call_id, session)
        await self.may_accept.wait()

    async def reject(self, realtime_call_id: str, status_code: int = 603) -> None:
        """Refuse."""
        await self._note("reject", realtime_call_id, status_code)

    async def refer(self, realtime_call_id: str, target_uri: str) -> None:
        """Send elsewhere."""
        await self._note("refer", realtime_call_id, target_uri)

    async def hangup(self, realtime_call_id: str) -> None:
        """End the call, and with it its socket."""
        await self._note("hangup", realtime_call_id, None)
        if self._endpoint.connections:
            await self._endpoint.leave(1000, "")

    async def until(self, kind: str) -> Request:
        """Wait for a request of a kind; return the last."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(lambda: kind in self.kinds())
        return next(each for each in reversed(self.requests) if each[0] == kind)

    async def _note(self, kind: str, realtime_call_id: str, body: Any) -> None:
        async with self._changed:
            self.requests.append((kind, realtime_call_id, body))
            self._changed.notify_all()
        if kind in self.failures:
            raise self.failures[kind]


class Provider:
    """The provider, the journal, the desk that serves it, and what that tells."""

    def __init__(
        self, endpoint: ScriptedEndpoint, journal: MemoryJournal, route: Route, most_calls: int
    ) -> None:
        self.endpoint, self.journal, self.route = endpoint, journal, route
        self.connector, self.told = NotingConnector(endpoint), Told()
        self.wall_now = RECEIVED_AT + 0.75
        self._most_calls = most_calls
        self.desk = self.new_desk()

    def new_desk(self) -> AttachedDesk:
        """Return another desk, as a process after the first has one."""
        return AttachedDesk(
            route=self.route,
            named=lambda plan: self.route(CallKeys("")) if plan == "desk" else None,
            endpoint=Endpoint(self.endpoint.url, "gpt-realtime"),
            sip_calls=self.connector,
            journal=self.journal,
            observer=self.told,
            most_calls=self._most_calls,
            wall_clock=lambda: self.wall_now,
        )

    def state(self, realtime_call_id: str = "rtc_1") -> AttachedState:
        """Return what the journal says of a call."""
        return self.journal.entries[realtime_call_id].state

    async def says(self, text: str, number: int = 1) -> None:
        """Let the agent say something, from its first word to its last."""
        await self.begins(text, number)
        await self.ends(text, number)

    async def begins(self, text: str, number: int = 1) -> None:
        """Let the agent begin to be heard."""
        part = _part(number)
        await self.endpoint.say(
            {"type": "response.created", "response": {"id": f"r{number}"}},
            {"type": "output_audio_buffer.started", "response_id": f"r{number}"},
            {"type": "response.output_audio_transcript.delta", **part, "delta": text},
        )

    async def ends(self, text: str, number: int = 1) -> None:
        """Let what the agent says be made and heard to its end."""
        await self.endpoint.say(
            {"type": "response.output_audio_transcript.done", **_part(number), "transcript": text},
            {"type": "response.done", "response": {"id": f"r{number}", "status": "completed"}},
            {"type": "output_audio_buffer.stopped", "response_id": f"r{number}"},
        )

    async def calls_tool(
        self, name: str, arguments: str = "{}", *, tool_call_id: str = "t1"
    ) -> None:
        """Let the agent call a tool, in the response that is being made."""
        called = {"id": f"item {tool_call_id}", "call_id": tool_call_id, "status": "completed"}
        item = called | {"type": "function_call"}
        event = {"type": "response.output_item.done", "response_id": "r1", "output_index": 1}
        await self.endpoint.say(event | {"item": item | {"name": name, "arguments": arguments}})


def _part(number: int) -> dict[str, Any]:
    where = {"response_id": f"r{number}", "item_id": f"i{number}"}
    return where | {"output_index": 0, "content_index": 0}


@asynccontextmanager
async def provider(
    *entries: JournalEntry, route: Route | None = None, most_calls: int = 500
) -> AsyncIterator[Provider]:
    """Run a provider with what waits in the journal; no call outlives the test."""
    setup = call_setup(greeting="Greet.")
    async with scripted_endpoint() as endpoint:
        endpoint.greeting = [CREATED]
        running = Provider(
            endpoint, MemoryJournal(*entries), route or (lambda _: setup), most_calls
        )
        yield running
        running.desk.detach_all()
        async with asyncio.timeout(5):
            await running.desk.until_empty()
