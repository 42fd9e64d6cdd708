"""A program that runs text agents of an official SDK."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from .installing import HERE, js_peer, python_peer
from .peer import Json, Peer


def python_program() -> list[str]:
    """Return the command that runs text agents of the Python SDK."""
    python, _ = python_peer()
    return [python, str(HERE / "python" / "responses.py")]


def js_program() -> list[str]:
    """Return the command that runs text agents of the JavaScript SDK."""
    node, session = js_peer()
    program = Path(session).with_name("responses.mjs")
    shutil.copy(HERE / "js" / "responses.mjs", program)
    return [node, str(program)]


PROGRAMS = {"js": js_program, "python": python_program}


class TextPeer:
    """A program, on one transport."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    @property
    def name(self) -> str:
        """``python`` or ``js``."""
        return self.peer.name

    async def connect(self, url: str, transport: str) -> None:
        """Choose the transport: ``http``, ``websocket`` or ``chat``."""
        await self.peer.connect(url, transport=transport)

    async def run(self, text: str, **options: Any) -> Json:
        """Run to the end, or to where it waits; return what the SDK makes of it."""
        self.peer.do("run", input=text, **options)
        return await self._done()

    async def resume(self, *, approve: bool) -> Json:
        """Decide about what waits; return what the SDK makes of it."""
        self.peer.do("resume", approve=approve)
        return await self._done()

    async def fails(self, text: str, **options: Any) -> Json:
        """Run; return how the SDK fails."""
        self.peer.do("run", input=text, **options)
        failed = await self.peer.until("done")
        assert "failed" in failed, failed
        return failed

    async def _done(self) -> Json:
        done = await self.peer.until("done")
        assert "failed" not in done, done
        return done

    def raw(self) -> list[str]:
        """Return the types of the events of the endpoint, as the SDK passes them on."""
        return [each["type"] for each in self.peer.all("raw")]

    def text(self) -> list[str]:
        """Return the parts of the text."""
        told = self.peer.all("raw")
        return [each["delta"] for each in told if each["type"] == "response.output_text.delta"]

    def items(self) -> list[str]:
        """Return the names of the items the SDK tells of."""
        return [each["name"] for each in self.peer.all("item")]
