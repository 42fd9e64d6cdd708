"""What the model is told of an HTTP answer. Pure.

Sentences are for a caller's ear. What a server writes into an error is not told: it may be a page
of HTML, a stack trace, or a text that somebody else wanted a model to read.
"""

from __future__ import annotations

from typing import Any

import jsonpath
import orjson

from sipagent.agents.http_client import HttpAnswer
from sipagent.errors import ToolError

from .http_call import HttpCall

MAX_TOLD_CHARS = 8_000
"""More would crowd the conversation out of the model's memory; the plan's ``answer`` picks."""

CUT = " [cut short]"
DONE = "Done."
USELESS = "The service gave an answer that is of no use."
REFUSED = "The service refused this."
FAULT = "The service has a fault right now."
NOT_FOUND = "The service has nothing for these details."

_REFUSED = {
    401: "The service refused access.",
    403: "The service refused access.",
    404: NOT_FOUND,
    408: "The service did not answer in time.",
    409: "The service says that this does not go together with what it has.",
    410: NOT_FOUND,
    429: "The service is too busy right now.",
    503: "The service is too busy right now.",
    504: "The service did not answer in time.",
}


class HttpStatusError(ToolError):
    """A server refused, or failed.

    Args:
        status: Of its answer.
    """

    def __init__(self, status: int) -> None:
        self.status = status
        usual = (
            "The service refused this." if status < 500 else "The service has a fault right now."
        )
        super().__init__(f"status {status}", spoken=_REFUSED.get(status, usual))


def told_answer(call: HttpCall, answer: HttpAnswer) -> str:
    """Return what the model is told of ``answer``.

    Raises:
        ToolError: If it is an error, or of no use; ``spoken`` says so.
    """
    meant = call.on_status.get(str(answer.status))
    if meant is not None:
        return meant
    if not 200 <= answer.status < 300:
        raise HttpStatusError(answer.status)
    if not answer.body.strip():
        return DONE
    if call.answer is not None:
        return _cut(_as_text(_picked(call.answer, _json(answer))))
    if _is_json(answer.content_type):
        return _cut(_as_text(_json(answer)))
    if answer.content_type in {"text/plain", ""}:
        return _cut(answer.body.decode("utf-8", "replace").strip())
    raise ToolError(f"an answer of type {answer.content_type[:60]!r}", spoken=USELESS)


def _picked(path: str, value: Any) -> Any:
    """Return the one value at ``path``, or all of several."""
    try:
        found = jsonpath.compile(path, strict=True).findall(value)
    except (jsonpath.JSONPathError, RecursionError) as error:
        raise ToolError(f"answer: {type(error).__name__}", spoken=USELESS) from None
    if not found:
        raise ToolError(f"an answer without {path[:80]}", spoken=USELESS)
    return found[0] if len(found) == 1 else found


def _json(answer: HttpAnswer) -> Any:
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        raise ToolError("an answer that is no JSON", spoken=USELESS) from None


def _is_json(content_type: str) -> bool:
    return content_type == "application/json" or content_type.endswith("+json")


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TOLD_CHARS else text[:MAX_TOLD_CHARS] + CUT
