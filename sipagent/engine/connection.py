"""One client of a session: its messages in order, and what was wrong with them back to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from secrets import token_hex

import orjson

from sipagent.errors import WireError
from sipagent.wire import server
from sipagent.wire.codec import decode_client, encode
from sipagent.wire.events import Event

from .checks import InvalidConfigError
from .nesting import is_too_deep
from .session import Session


class Connection:
    """Hand messages to a session.

    Args:
        session: Whose client it is.
        send: Sends one message to this client alone.
    """

    def __init__(self, session: Session, send: Callable[[str], Awaitable[None]]) -> None:
        self._session, self._send = session, send

    async def handle(self, message: str | bytes) -> None:
        """Handle one message; what is wrong with it is answered with ``error``."""
        try:
            event = decode_client(message)
        except WireError as error:
            await self._error(str(error), param=error.param, event_id=_event_id(message))
            return
        try:
            if is_too_deep(dict(event)):
                raise WireError("nested too deeply")
            await self._session.handle(event)
        except WireError as error:
            await self._error(str(error), param=error.param, event_id=event.event_id)
        except InvalidConfigError as error:
            await self._error(
                str(error), code=error.code, param=error.param, event_id=event.event_id
            )

    async def _error(
        self,
        message: str,
        *,
        code: str | None = "invalid_value",
        param: str | None = None,
        event_id: str | None = None,
    ) -> None:
        detail = server.ErrorDetail(
            type="invalid_request_error",
            message=message,
            code=code,
            param=param,
            event_id=event_id,
        )
        await self._send(message_of(server.ErrorEvent(error=detail)))


def message_of(event: Event) -> str:
    """Return the message of an event, which gets its id; a pressed key has none."""
    if isinstance(event, server.InputAudioBufferDtmfEventReceived):
        return encode(event)
    return encode(event.model_copy(update={"event_id": f"event_{token_hex(10)}"}))


def _event_id(message: str | bytes) -> str | None:
    """Return the id of a message that is wrong otherwise, if it has one."""
    try:
        event_id = orjson.loads(message)["event_id"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return event_id if isinstance(event_id, str) else None
