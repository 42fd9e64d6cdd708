"""A session whose connections end before it does, and an endpoint that takes in what is retold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.realtime import rotation, succession
from sipagent.realtime.conversation_events import HistoryAdded
from sipagent.realtime.endpoint import Endpoint
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.rotation import RotationSettings
from sipagent.realtime.session import RealtimeSession
from tests.fakes.scripted_endpoint import CONFIGURED, ScriptedEndpoint, scripted_endpoint

from .joined import told
from .playbook import PCMU, Wire, reception

WALL = 1_700_000_000.0
"""Unix time, always."""


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let attempts and looks follow each other at once, and any life be long enough."""
    monkeypatch.setattr(rotation, "FIRST_DELAY_S", 0.0)
    monkeypatch.setattr(rotation, "STABLE_S", 0.0)
    monkeypatch.setattr(succession, "LOOK_AGAIN_S", 0.001)


def taken_in() -> Callable[[Wire], list[Wire]]:
    """Return what confirms each item that is created, under an id of its own."""
    count = 0

    def confirm(event: Wire) -> list[Wire]:
        nonlocal count
        count += 1
        item = {"id": f"retold_{count}", "status": "completed", **event["item"]}
        return [{"type": "conversation.item.added", "item": item}]

    return confirm


def expiring(in_s: float) -> list[Wire]:
    """Return the answers to the first configuration: a session that ends so soon."""
    session = {"expires_at": WALL + in_s}
    return [{"type": "session.created", "session": session}, CONFIGURED]


@asynccontextmanager
async def outliving(
    agent: RealtimeAgent | None = None,
    *,
    expires_in_s: float | None = None,
    settings: RotationSettings | None = None,
    **endpoint: Any,
) -> AsyncIterator[tuple[RealtimeSession, ScriptedEndpoint]]:
    """Connect a session that outlives its connections; close it at the end."""
    async with scripted_endpoint() as far_end:
        far_end.answers["conversation.item.create"] = taken_in()
        if expires_in_s is not None:
            far_end.answers["session.update"] = expiring(expires_in_s)
        session = RealtimeSession(
            agent or reception(),
            SessionOptions(PCMU, PCMU, transcription=None),
            rotation=settings or RotationSettings(),
            wall_clock=lambda: WALL,
        )
        await session.connect(Endpoint(far_end.url, **(endpoint or {"model": "m"})))
        try:
            yield session, far_end
        finally:
            await session.close()


def message(role: str, text: str, item_id: str) -> Wire:
    """Let the conversation have a message."""
    part = {"type": "output_text" if role == "assistant" else "input_text", "text": text}
    item = {"id": item_id, "type": "message", "role": role, "status": "completed"}
    return {"type": "conversation.item.added", "item": {**item, "content": [part]}}


def called(name: str, item_id: str = "fc_1") -> Wire:
    """Let the conversation have a function call."""
    item = {"id": item_id, "type": "function_call", "status": "completed", "call_id": "call_1"}
    return {"type": "conversation.item.added", "item": {**item, "name": name, "arguments": "{}"}}


async def talked(session: RealtimeSession, far_end: ScriptedEndpoint, *items: Wire) -> None:
    """Let the conversation have ``items``, and wait until the session knows."""
    await far_end.say(*items)
    for _ in items:
        await told(session, HistoryAdded)


def retold(far_end: ScriptedEndpoint) -> list[tuple[str, str]]:
    """Return role and text of what was retold, in order."""
    items = [each["item"] for each in far_end.received if "item" in each]
    return [(item["role"], item["content"][0]["text"]) for item in items if "role" in item]


def tasks() -> set[str]:
    """Return the names of the tasks of sessions."""
    names = {task.get_name() for task in asyncio.all_tasks()}
    return {name for name in names if name.startswith(("realtime", "tool"))}
