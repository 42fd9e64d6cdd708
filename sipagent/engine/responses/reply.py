"""What a text agent answers: the brain of the voice agents, and commands for text. Pure.

Besides what the brain knows, the last user text may be:

    json:<text>          answers exactly that
    slow:<ms> <text>     answers that, word by word, the last one after so many milliseconds
    fail:<status>        refuses the request with this HTTP status, 400 to 599
    fail:<code>          begins, and fails with this code
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sipagent.engine.brain.brain import Answer, Brain, FunctionCall
from sipagent.engine.brain.choice import allowed_answer
from sipagent.engine.brain.context import turn_of
from sipagent.engine.brain.scripts import Scripts
from sipagent.engine.checks import Json
from sipagent.engine.spent import Spent

LONG_WORD_MS = 50
"""Between the words of ``long:<n>``: as fast as a voice agent sends them as sound."""

_SLOW = re.compile(r"slow:\s*(\d{1,5})\s+(.*)", re.DOTALL | re.IGNORECASE)
_FAIL = re.compile(r"fail:\s*(\S+)\s*", re.IGNORECASE)
_JSON = re.compile(r"json:(.*)", re.DOTALL | re.IGNORECASE)
_WORD = re.compile(r"\s*\S+(?:\s+$)?")


class RefusedError(Exception):
    """A request is refused because it asks for that; carries ``status``."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"refused with {status}, as asked")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, as it is written."""

    pieces: tuple[str, ...] = ()
    """The text, in the parts that are sent one after the other."""
    calls: tuple[FunctionCall, ...] = ()
    pause_ms: float = 0
    """Before each piece."""
    error_code: str = ""
    """It fails, with this code."""
    is_text_cut: bool = False
    """There were not the tokens for all of the text."""
    is_cut: bool = False
    """There were not the tokens for all of it."""
    tokens: int = 0

    @property
    def text(self) -> str:
        """All of the text."""
        return "".join(self.pieces)


def reply_to(items: Sequence[Json], told: Json, scripts: Scripts) -> Reply:
    """Return what to answer.

    Args:
        items: The conversation.
        told: Of the response: ``instructions``, ``tools``, ``tool_choice``, ``prompt`` and such.
        scripts: By prompt.

    Raises:
        RefusedError: If the request asks to be refused.
    """
    brain = _brain(told["prompt"], scripts)
    tools = told["tools"]
    if brain.script is not None:
        _remember(brain, items, tools)
    turn = turn_of(items, instructions=told["instructions"] or "", tools=tools)
    asked = (turn.text or "").strip()
    if failing := _FAIL.fullmatch(asked):
        return _failure(failing[1])
    pause_ms, is_slow = 0.0, _SLOW.fullmatch(asked)
    if is_slow:
        answer = Answer(say=is_slow[2])
    elif exact := _JSON.fullmatch(asked):
        answer = Answer(say=exact[1])
    else:
        answer = brain.answer(turn)
    if answer.slow_chunks:
        answer = Answer(say=" ".join(str(each + 1) for each in range(answer.slow_chunks)))
        pause_ms = LONG_WORD_MS
    reply = _fitting(allowed_answer(answer, told), told["max_output_tokens"])
    if is_slow:
        pause_ms = int(is_slow[1]) / max(1, len(_WORD.findall(answer.say)))
    return replace(reply, pause_ms=pause_ms)


def _brain(prompt: Json | None, scripts: Scripts) -> Brain:
    stored = prompt or {}
    agent = (stored.get("variables") or {}).get("agent", "")
    return Brain(scripts.find(prompt), str(agent))


def _remember(brain: Brain, items: Sequence[Json], tools: Sequence[Json]) -> None:
    """Answer again what was answered: how often nothing fitted, what to say after a tool."""
    for index in range(1, len(items)):
        if _is_of_user(items[index - 1]) and not _is_of_user(items[index]):
            brain.answer(turn_of(items[:index], instructions="", tools=tools))


def _is_of_user(item: Json) -> bool:
    return item["type"] == "function_call_output" or item.get("role") in ("user", "system")


def _failure(what: str) -> Reply:
    if what.isdecimal() and 400 <= int(what) <= 599:
        raise RefusedError(int(what))
    return Reply(error_code=what)


def _fitting(answer: Answer, most_tokens: int | None) -> Reply:
    """Return as much of an answer as there are tokens for; a call is made whole or not at all."""
    spent, pieces, calls = Spent(most_tokens), list[str](), list[FunctionCall]()
    for piece in _WORD.findall(answer.say):
        if not spent.spend(chars=len(piece)):
            return Reply(tuple(pieces), is_text_cut=True, is_cut=True, tokens=spent.tokens)
        pieces.append(piece)
    for call in answer.calls:
        if not spent.spend(chars=len(call.name) + len(call.arguments)):
            return Reply(tuple(pieces), tuple(calls), is_cut=True, tokens=spent.tokens)
        calls.append(call)
    return Reply(tuple(pieces), tuple(calls), tokens=spent.tokens)
