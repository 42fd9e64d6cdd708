"""``[keypad]`` of a dialplan: what becomes of the keys that callers press."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from sipagent.redaction import SHORTEST

from .documents import Document
from .findings import Finding, Severity
from .model import Model, ToolName
from .toml_lines import KeyPath

if TYPE_CHECKING:
    from .models import Dialplan


def _key(text: str) -> str:
    if not re.fullmatch(r"[0-9A-D*#]?", text):
        raise ValueError('must be one key of the keypad, such as "#", or empty')
    return text


Key = Annotated[str, AfterValidator(_key)]
"""One key, or none."""

COLLECT_TOOL, SEND_TOOL = "collect_digits", "send_dtmf"
KEYPAD_TOOLS = frozenset({COLLECT_TOOL, SEND_TOOL})

MESSAGE_KEYS = frozenset({"end", "pause_s", "count"})
"""Which keys of :class:`Keypad` mean something only when the agent is told of digits."""


class KeypadField(Model):
    """One of ``[[keypad.fields]]``: a number that agents may ask for with ``collect_digits``."""

    name: ToolName
    """What agents ask for, and where tools find it."""
    description: str = ""
    """For the model; the name when empty."""
    min_digits: Annotated[int, Field(ge=1, le=64)] = 1
    """With fewer it is not a number."""
    max_digits: Annotated[int, Field(ge=1, le=64)] = 32
    """With so many it is whole."""
    end: Key = "#"
    """The key that ends it, and is no part of it; ``""``: none does."""
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    """How long to wait for the first key, once the agent is silent."""
    pause_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    """How long to wait for each further key."""
    sensitive: bool = False
    """Keep it from model, transcript, recording, record and log: only tools get it."""
    show_last: Annotated[int, Field(ge=0, le=4)] = 4
    """Digits of a sensitive number that the model is told; eight stay hidden in any case."""
    check: Literal["", "luhn"] = ""
    """What its last digit must prove."""
    on_speech: Literal["continue", "cancel"] = "continue"
    """What becomes of it when the caller says something instead."""

    @model_validator(mode="after")
    def _can_be_keyed_in(self) -> Self:
        if self.min_digits > self.max_digits:
            raise ValueError(f"min_digits must be at most max_digits, {self.max_digits}")
        if self.sensitive and self.min_digits < SHORTEST:
            raise ValueError(f"min_digits must be {SHORTEST} or more, or it cannot be kept secret")
        return self


class Keypad(Model):
    """``[keypad]``: how keys come, and who is told of them."""

    digits: Literal["message", "none"] = "message"
    """Whether the agent is told of keys pressed, and answers."""
    end: Key = "#"
    """The key that ends a number, and is no part of it; ``""``: none does."""
    pause_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    """After this long without a key the number is whole."""
    count: Annotated[int, Field(ge=0, le=64)] = 0
    """With this many digits the number is whole; 0: numbers may have any length."""
    barge_in: bool = True
    """Whether a key stops what the agent is saying."""
    in_band: bool = False
    """Whether tones in the audio count as keys: for lines that send neither events nor INFO."""

    send: Literal["rfc4733", "info"] = "rfc4733"
    """How keys that agents press are sent: telephone events, or INFO."""
    fields: tuple[KeypadField, ...] = ()
    """Numbers that agents may ask for; none: any number, and none is sensitive."""


def check_keypad(plan: Dialplan, document: Document) -> Iterator[Finding]:
    """Return what is wrong with ``[keypad]``."""
    if plan.keypad.digits == "none":
        for key in sorted(plan.keypad.model_fields_set & MESSAGE_KEYS):
            text = 'means nothing while digits is "none"'
            yield document.finding(("keypad", key), text, Severity.WARNING)
    yield from _fields(plan.keypad.fields, document)
    if plan.keypad.fields and not any(COLLECT_TOOL in agent.tools for agent in plan.agents):
        text = f'no agent has "{COLLECT_TOOL}"'
        yield document.finding(("keypad", "fields"), text, Severity.WARNING)


def _fields(fields: tuple[KeypadField, ...], document: Document) -> Iterator[Finding]:
    first: dict[str, KeyPath] = {}
    for index, field in enumerate(fields):
        path: KeyPath = ("keypad", "fields", index)
        name: KeyPath = (*path, "name")
        other = first.setdefault(field.name, name)
        if other != name:
            text = f"is the name of the number {document.where(other, name)} already"
            yield document.finding(name, text)
        given = field.model_fields_set
        if "show_last" in given and not field.sensitive:
            text = "means nothing: the number is not sensitive, and shown whole"
            yield document.finding((*path, "show_last"), text, Severity.WARNING)
        if field.sensitive and field.on_speech == "cancel":
            text = "means nothing: nobody hears the caller while the number is keyed in"
            yield document.finding((*path, "on_speech"), text, Severity.WARNING)
