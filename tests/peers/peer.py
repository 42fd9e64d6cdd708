"""A program that runs an official SDK: told what to do, it tells what the SDK told its user."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from typing import Any

import pytest

Json = dict[str, Any]

LIMIT_S = 15.0
START_LIMIT_S = 60.0
"""To read an SDK in costs seconds of a core, and the other tests want the cores as well."""

LINE_BYTES = 64 * 1024 * 1024
"""As much may wait to be read: what is not read must not hold the program up."""

NEVER_READ = {"response.mcp_call.failed", "input_audio_buffer.dtmf_event_received"}
"""Events the JavaScript SDK has no schema of."""

PEER_TESTS = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60, func_only=True)]
"""Of every module here. The programs live through the session; to install them takes longer."""


class Peer:
    """One running program; one session after the other.

    Attributes:
        name: ``python`` or ``js``.
        told: Everything told since the session began, in order.
    """

    def __init__(self, name: str, process: Process) -> None:
        self.name, self.told = name, list[Json]()
        self._process = process
        self._read = 0

    @classmethod
    async def start(cls, name: str, command: list[str]) -> Peer:
        """Start the program; return once it listens."""
        # No proxy, no key, and no traces of the SDK's own to its maker.
        environment = {"OPENAI_AGENTS_DISABLE_TRACING": "1"}
        process = await create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, limit=LINE_BYTES, env=environment
        )
        peer = cls(name, process)
        await peer.until("ready", limit_s=START_LIMIT_S)
        return peer

    async def connect(self, url: str, **options: Any) -> None:
        """Begin a session.

        Args:
            url: Of the endpoint.
            options: ``script``, ``audio_format`` and ``turn_detection``, each the SDK's own if left
                out; ``mcp`` for JavaScript.
        """
        self.told.clear()
        self._read = 0
        self.do("connect", url=url, **options)
        await self.until("connected")

    def do(self, what: str, **fields: Any) -> None:
        """Ask for something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **fields}).encode() + b"\n")

    async def until(self, told: str, *, limit_s: float = LIMIT_S, **fields: Any) -> Json:
        """Return the next thing told of this kind and with these fields; those before are read."""
        async with asyncio.timeout(limit_s):
            while True:
                while self._read < len(self.told):
                    event = self.told[self._read]
                    self._read += 1
                    if event["told"] == told and fields.items() <= event.items():
                        return event
                assert self._process.stdout is not None
                line = await self._process.stdout.readline()
                assert line, f"the {self.name} program ended"
                self.told.append(json.loads(line))

    async def ask(self, text: str) -> None:
        """Send user text; return when the response to it has ended."""
        self.do("send_message", text=text)
        await self.until("agent_end")

    async def hears(self, words: str) -> None:
        """Return when the history has an answer with these words."""
        while not any(words in said for said in self._answers()):
            await self.until("history")

    def _answers(self) -> list[str]:
        items = [item for item in self.history() if item.get("role") == "assistant"]
        return [part.get("transcript") or "" for item in items for part in item["content"]]

    def all(self, told: str) -> list[Json]:
        """Return everything read of this kind."""
        return [event for event in self.told[: self._read] if event["told"] == told]

    def history(self) -> list[Json]:
        """Return the history as last told, its names those of the Python SDK."""
        told = self.all("history")
        return [_snake_case(item) for item in told[-1]["items"]] if told else []

    async def close(self) -> None:
        """End the session."""
        self.do("close")
        closed = await self.until("closed")
        unread, logged = set(closed.get("unread", [])) - NEVER_READ, self.all("logged")
        assert not unread, f"events the SDK cannot read: {unread}"
        assert not logged, logged

    async def end(self) -> None:
        """End the program."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(LIMIT_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def _snake_case(item: Json) -> Json:
    names = {"itemId": "item_id", "previousItemId": "previous_item_id"}
    return {names.get(name, name): value for name, value in item.items()}
