"""How a request that is not answered is refused, over HTTP and over a WebSocket. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sipagent.engine.checks import InvalidConfigError, Json

from .conversations import UnknownConversationError
from .desk import UnknownResponseError
from .reply import RefusedError

REFUSALS = (InvalidConfigError, UnknownConversationError, UnknownResponseError, RefusedError)
"""What the desk raises."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered."""

    status: int
    """RFC 9110 section 15."""
    message: str
    code: str | None = None
    param: str | None = None

    def frame(self) -> Json:
        """Return the event that tells of it."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        error = {"type": kind, "code": self.code, "message": self.message, "param": self.param}
        return {"type": "error", "status": self.status, "error": error}


def refusal_of(error: Exception) -> Refusal:
    """Return why: ``error`` is one of ``REFUSALS``."""
    match error:
        case InvalidConfigError():
            return Refusal(400, str(error), error.code, error.param)
        case UnknownConversationError():
            message = f"Conversation with id '{error}' not found."
            return Refusal(404, message, "conversation_not_found", "conversation")
        case UnknownResponseError():
            message = f"Response with id '{error}' not found."
            return Refusal(404, message, "response_not_found", "response_id")
        case RefusedError(status=429):
            return Refusal(429, str(error), "rate_limit_exceeded")
        case RefusedError():
            return Refusal(error.status, str(error))
    raise error
