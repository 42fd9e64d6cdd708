"""What an owner may ask of a session, but for audio; each is handed to the core in use.

All raise ``SessionLost`` if the session is not open (any more), and do nothing while another
connection is being opened.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson

from sipagent.errors import ConfigError
from sipagent.wire import client
from sipagent.wire.codec import decode_client
from sipagent.wire.events import Event, Json

from .approvals import ApprovalRequest
from .core import SessionCore
from .history_items import HistoryItem, McpApprovalRequest
from .outbox import user_text
from .playback import HeardItem

log = logging.getLogger(__name__)

HistoryChanger = Callable[[list[HistoryItem]], Iterable[HistoryItem | Json]]


class Wishes:
    """The part of a session that asks for something."""

    async def _do(self, wish: Callable[[SessionCore, float], None]) -> None:
        """Let the core in use do ``wish`` at a time, and send what follows."""
        raise NotImplementedError

    async def send_message(
        self, message: str | Json, *, other_event_data: Mapping[str, Any] | None = None
    ) -> None:
        """Send a message, text or an item, and have it answered.

        Args:
            message: Text of the user, or a ``message`` item of the Realtime API.
            other_event_data: Laid over the ``conversation.item.create``, such as ``event_id``.
        """
        item = user_text(message) if isinstance(message, str) else message
        await self._do(lambda core, _: core.out.send_message(item, **(other_event_data or {})))

    async def add_image(
        self, image: str | bytes, *, trigger_response: bool = True, mime_type: str = "image/png"
    ) -> None:
        """Show the model a picture.

        Args:
            image: A ``data:`` URI, or the bytes of a PNG or JPEG.
            trigger_response: False: it waits for what is said or sent next.
            mime_type: Of bytes.
        """
        if isinstance(image, bytes):
            image = f"data:{mime_type};base64,{b64encode(image).decode()}"
        if not image.startswith(("data:image/png", "data:image/jpeg")):
            raise ConfigError("an image must be a data: URI of a PNG or JPEG", where="image")
        content = [{"type": "input_image", "image_url": image}]
        item = {"type": "message", "role": "user", "content": content}
        await self._do(lambda core, _: core.out.send_message(item, must_respond=trigger_response))

    async def create_response(self, instructions: str | None = None, **response: Any) -> None:
        """Ask for a response, such as a greeting.

        Args:
            instructions: Of this response alone.
            response: Other fields of ``response.create``, such as ``conversation="none"``.
        """
        if instructions is not None:
            response["instructions"] = instructions
        if response:
            await self.send_event(client.ResponseCreate(response=response))
        else:
            await self._do(lambda core, _: core.out.request_response())

    async def send_event(self, event: Event | Json) -> None:
        """Send any client event, as it is; responses wait for their turn.

        Raises:
            WireError: If a field is wrong.
        """
        typed = decode_client(orjson.dumps(event)) if isinstance(event, dict) else event
        await self._do(lambda core, _: core.send(typed))

    async def interrupt(
        self, heard: Sequence[HeardItem] | None = None, *, cancel: bool = True
    ) -> None:
        """Cut the agent off: late audio of the response is dropped, what was not heard truncated.

        Of an attached session the endpoint is told to be quiet, and cuts by itself.

        Args:
            heard: What was heard; None: what the session's playback says.
            cancel: Whether to cancel the response.
        """

        await self._do(lambda core, now: core.speech.interrupt(heard, cancel=cancel, now=now))

    async def update_history(self, wanted: Sequence[HistoryItem | Json] | HistoryChanger) -> None:
        """Make the endpoint's conversation the one wanted; ``history`` follows as it confirms.

        Args:
            wanted: Items, or what makes them of the present ones.

        Raises:
            HistoryUpdateError: If an item is needed that cannot be created; nothing is sent then.
        """

        def update(core: SessionCore, _: float) -> None:
            core.update_history(list(wanted(core.history.items) if callable(wanted) else wanted))

        await self._do(update)

    async def approve(
        self, request: ApprovalRequest | McpApprovalRequest, *, always_approve: bool = False
    ) -> None:
        """Let a call run.

        Args:
            request: As ``ToolApprovalRequested`` told it.
            always_approve: Whether later calls of the agent's tool run without asking.
        """

        def decide(core: SessionCore, now: float) -> None:
            if isinstance(request, McpApprovalRequest):
                _warn_if(always_approve)
                core.mcp.decide(request, is_approved=True, reason=None, now=now)
            else:
                core.tools.approve(request, always=always_approve, now=now)

        await self._do(decide)

    async def reject(
        self,
        request: ApprovalRequest | McpApprovalRequest,
        *,
        message: str | None = None,
        always_reject: bool = False,
    ) -> None:
        """Do not let a call run.

        Args:
            request: As ``ToolApprovalRequested`` told it.
            message: Exactly what the model is told, if anything.
            always_reject: Whether later calls of the agent's tool are rejected without asking.
        """

        def decide(core: SessionCore, now: float) -> None:
            if isinstance(request, McpApprovalRequest):
                _warn_if(always_reject)
                core.mcp.decide(request, is_approved=False, reason=message, now=now)
            else:
                core.tools.reject(request, message=message, always=always_reject, now=now)

        await self._do(decide)


def _warn_if(is_sticky: bool) -> None:
    if is_sticky:
        log.warning("! a decision on an MCP tool holds for one call: the endpoint asks each time")
