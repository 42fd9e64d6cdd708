"""Output guardrails: when is a text checked, and what follows when one trips?

A text is checked each time it grew by ``debounce_text_length`` characters, item by item, and once
more when its response is done; the last run always takes place, so that a short answer is checked
too. A response trips once, and the first result wins. Once a newer response began, a trip is only
told: there is nothing left to stop, and the model goes on already.

Which prefix of a text may be heard follows from the runs that passed: see :class:`Coverage`.

No I/O, no clock: runs are carried out elsewhere, concurrently, and each comes back by
:meth:`GuardrailRuns.finished`, in any order, also one that was cancelled or that raised.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Literal, TypeAlias

from .response_texts import texts

Source: TypeAlias = Literal["audio", "text"]

ON_DONE_ONLY = -1
"""A debounce that leaves only the last run."""


@dataclass(frozen=True, slots=True)
class Check:
    """One run of all guardrails over one text."""

    id: int
    response_id: str
    item_id: str
    """Empty when the response has no message."""
    text: str
    source: Source
    """Whether the text is spoken or only written."""
    is_final: bool
    """Whether the response is done, so that the text cannot grow any more."""
    generation: int
    """Of the connection the text came over."""


@dataclass(frozen=True, slots=True)
class Tripwire:
    """What the first guardrail that tripped says."""

    guardrail: str
    policy_hint: str
    """Told to the model as the reason."""
    output_info: Any
    """Whatever the guardrail found; told to the model as JSON."""
    instead: str = ""
    """Instructions of the answer that follows; ``""``: the feedback asks for one."""


class Remedy(Enum):
    """How to stop an answer that tripped."""

    NONE = auto()
    """A newer response began: tell the trip, and leave it at that."""
    REPLY = auto()
    """A written answer that is done: only send the feedback."""
    CANCEL = auto()
    """A written answer: ``response.cancel``, then the feedback."""
    INTERRUPT = auto()
    """A spoken answer, done or not: cancel, flush and truncate, then the feedback."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A response was blocked."""

    response_id: str
    item_id: str
    tripwire: Tripwire
    remedy: Remedy
    feedback: str
    """User message for the model, to be followed by a response; empty for ``Remedy.NONE``."""
    item_ids: tuple[str, ...]
    """Every item of the response so far: whatever of them is held back must never be heard."""
    at: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of an item's text has passed, in characters from its beginning."""

    passed_chars: int
    told_chars: int


@dataclass(slots=True)
class _Item:
    source: Source
    text: str = ""
    last_index: int = 0
    asked_chars: int = 0
    passed_chars: int = 0


@dataclass(slots=True)
class _Response:
    items: dict[str, _Item] = field(default_factory=dict)
    unfinished: set[int] = field(default_factory=set)
    is_done: bool = False
    is_tripped: bool = False


class GuardrailRuns:
    """Decide what to check and what a result means; run nothing.

    Args:
        debounce_text_length: Characters between two runs over a growing text;
            :data:`ON_DONE_ONLY` checks an answer only when it is done.

    Raises:
        ValueError: If the debounce is neither.
    """

    def __init__(self, debounce_text_length: int) -> None:
        if debounce_text_length < 1 and debounce_text_length != ON_DONE_ONLY:
            raise ValueError(f"debounce_text_length {debounce_text_length}: use -1, or 1 and more")
        self._debounce = debounce_text_length
        self._responses: dict[str, _Response] = {}
        self._newest = ""
        self._generation = 0
        self._count = 0

    # What the endpoint says.

    def response_started(self, response_id: str) -> None:
        """Note ``response.created``; forget older responses that have nothing to come."""
        self._newest = response_id
        self._responses = {
            known_id: response
            for known_id, response in self._responses.items()
            if response.unfinished or not response.is_done
        }

    def text_delta(
        self, response_id: str, item_id: str, delta: str, source: Source
    ) -> Check | None:
        """Add to an item's text; return a run if it grew enough."""
        response = self._response(response_id)
        item = response.items.setdefault(item_id, _Item(source))
        item.text += delta
        if self._debounce == ON_DONE_ONLY or response.is_tripped:
            return None
        index = len(item.text) // self._debounce
        if index <= item.last_index:
            return None
        item.last_index = index
        return self._check(response_id, item_id, item.text, source, is_final=False)

    def response_done(self, response: dict[str, Any]) -> Check:
        """Return the last run, over the last text of ``response.done``.

        An endpoint that leaves the output out is taken by what it told before.
        """
        response_id = str(response.get("id", ""))
        known = self._response(response_id)
        known.is_done = True
        item_id, text, source = next(_message_texts(response), ("", "", "audio"))
        if not text and known.items:
            item_id, told = next(reversed(known.items.items()))
            text, source = told.text, told.source
        return self._check(response_id, item_id, text, source, is_final=True)

    def unchecked(self, response_id: str) -> list[Check]:
        """Return runs over the texts of a response that no run so far covers to their end.

        The last run takes only the last text. Whoever lets nothing be heard unchecked asks for
        these after :meth:`response_done`.
        """
        response = self._responses.get(response_id)
        if response is None or response.is_tripped:
            return []
        return [
            self._check(response_id, item_id, item.text, item.source, is_final=response.is_done)
            for item_id, item in response.items.items()
            if item.asked_chars < len(item.text)
        ]

    # What the guardrails say.

    def finished(self, check: Check, tripwire: Tripwire | None, *, now: float) -> Trip | None:
        """Take the result of a run; return what to do if the response trips by it.

        Args:
            check: The run; a second result of it is ignored, as is one of an older connection.
            tripwire: None if no guardrail tripped, be it because it raised: the answer goes on.
            now: Monotonic seconds.
        """
        response = self._responses.get(check.response_id)
        if response is None or check.id not in response.unfinished:
            return None
        response.unfinished.remove(check.id)
        if response.is_tripped:
            return None
        if tripwire is None:
            if (item := response.items.get(check.item_id)) is not None:
                item.passed_chars = max(item.passed_chars, _shared_chars(check.text, item.text))
            return None
        response.is_tripped = True
        remedy = self._remedy(check, response)
        return Trip(
            check.response_id,
            check.item_id,
            tripwire,
            remedy,
            "" if remedy is Remedy.NONE else feedback_text(tripwire),
            tuple({**dict.fromkeys(response.items), check.item_id: None}),
            now,
        )

    def coverage(self, response_id: str, item_id: str) -> Coverage:
        """Return how much of an item's text passed; nothing for an item that is not known."""
        response = self._responses.get(response_id)
        item = response.items.get(item_id) if response is not None else None
        return Coverage(0, 0) if item is None else Coverage(item.passed_chars, len(item.text))

    def is_cleared(self, response_id: str) -> bool:
        """Tell whether a response is done, every run over it is back, and none tripped.

        Then all of its audio may be heard, also an item's that came without a text. To be asked
        when a run finished: a response with nothing to come is forgotten once another begins.
        """
        response = self._responses.get(response_id)
        if response is None or response.is_tripped:
            return False
        return response.is_done and not response.unfinished

    def close(self, generation: int) -> None:
        """Forget everything; runs over what came before ``generation`` no longer count."""
        self._generation = generation
        self._newest = ""
        self._responses.clear()

    def _response(self, response_id: str) -> _Response:
        return self._responses.setdefault(response_id, _Response())

    def _check(
        self, response_id: str, item_id: str, text: str, source: Source, *, is_final: bool
    ) -> Check:
        self._count += 1
        response = self._responses[response_id]
        response.unfinished.add(self._count)
        if (item := response.items.get(item_id)) is not None:
            item.asked_chars = max(item.asked_chars, _shared_chars(text, item.text))
        return Check(self._count, response_id, item_id, text, source, is_final, self._generation)

    def _remedy(self, check: Check, response: _Response) -> Remedy:
        if self._newest not in ("", check.response_id):
            return Remedy.NONE
        if check.source == "audio":
            return Remedy.INTERRUPT
        return Remedy.REPLY if response.is_done else Remedy.CANCEL


def feedback_text(tripwire: Tripwire) -> str:
    """Return the user message that has the model say something else."""
    return (
        "Your last answer was blocked.\n"
        f"Reason: {tripwire.policy_hint.rstrip('.')}.\n"
        f"Details: {_as_json(tripwire.output_info)}\n"
        "Answer again within the policy: apologise that you cannot help with that, without naming "
        "the reason or any detail, and lead the conversation to another subject."
    )


def _as_json(value: Any) -> str:
    try:
        return json.dumps(value, default=str)
    except (TypeError, ValueError, RecursionError):  # odd keys, or it contains itself
        return json.dumps(str(value))


def _shared_chars(checked: str, told: str) -> int:
    pairs = enumerate(zip(checked, told, strict=False))
    shortest = min(len(checked), len(told))
    return next((index for index, (left, right) in pairs if left != right), shortest)


def _message_texts(response: dict[str, Any]) -> Iterator[tuple[str, str, Source]]:
    """Yield the texts of the messages of ``response``, the last first: item id, text, source."""
    for item, name, text in texts(response):
        if item.get("type") == "message":
            yield str(item.get("id") or ""), text, "audio" if name == "transcript" else "text"
