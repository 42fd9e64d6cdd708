"""What is said about a delegation: to the backend agent, and back to the voice agent. Pure.

What comes back is spoken by the voice agent, or by an engine that repeats it word for word, so each
of these is a sentence that a caller may hear.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sipagent.agents.tools import result_text

STILL_WORKING = "I am still working on the request before. Its answer comes by itself."
TOO_SLOW = "Sorry, that took too long, and there is no answer."
UNREACHABLE = "Sorry, that cannot be looked into right now."
NO_ANSWER = "Sorry, there was no usable answer to that."
INTERRUPTED = "I have stopped working on that, since you said something."
NOT_APPROVED = "Nobody approved it in time, so it was not done."

TOO_LONG_TO_APPROVE = "Rejected: the arguments are too long to be shown to a person."

MAX_TALK_CHARS = 12_000
"""Of the conversation; what was said last is what the request is about."""


def backend_input(history: Sequence[Mapping[str, Any]], request: str) -> list[dict[str, Any]]:
    """Return the input of a run: the conversation so far as one text, then the request.

    Args:
        history: Items of the conversation, as a tool is told them.
        request: Of the voice agent.
    """
    talk = "\n".join(line for item in history for line in _lines(item))[-MAX_TALK_CHARS:]
    messages = []
    if talk:
        text = f"The telephone conversation so far:\n{talk}"
        messages.append({"role": "user", "content": text})
    return [*messages, {"role": "user", "content": request}]


def answer_text(final_output: Any) -> str:
    """Return what the voice agent is told of a run's final output."""
    text = "" if final_output is None else result_text(final_output)
    return text if text.strip() else NO_ANSWER


def _lines(item: Mapping[str, Any]) -> Iterator[str]:
    """Return what an item adds to the conversation; delegations are told of by what was said."""
    if item.get("type") == "function_call":
        if item.get("name") != "delegate" and item.get("output"):
            yield f"({item['name']}: {item['output']})"
        return
    speaker = {"user": "Caller", "assistant": "Agent"}.get(str(item.get("role")))
    said = [
        part.get("transcript") or part.get("text") or ""
        for part in item.get("content") or ()
        if isinstance(part, Mapping)
    ]
    text = " ".join(each.strip() for each in said if each.strip())
    if speaker and text:
        yield f"{speaker}: {text}"
