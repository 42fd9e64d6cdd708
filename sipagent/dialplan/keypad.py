"""``[keypad]`` of a dialplan: what becomes of the keys that callers press."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from .documents import Document
from .findings import Finding, Severity
from .model import Model

if TYPE_CHECKING:
    from .models import Dialplan


def _key(text: str) -> str:
    if not re.fullmatch(r"[0-9A-D*#]?", text):
        raise ValueError('must be one key of the keypad, such as "#", or empty')
    return text


Key = Annotated[str, AfterValidator(_key)]
"""One key, or none."""

MESSAGE_KEYS = frozenset({"end", "pause_s", "count"})
"""Which keys of :class:`Keypad` mean something only when the agent is told of digits."""


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


def check_keypad(plan: Dialplan, document: Document) -> Iterator[Finding]:
    """Return what is wrong with ``[keypad]``."""
    if plan.keypad.digits == "none":
        for key in sorted(plan.keypad.model_fields_set & MESSAGE_KEYS):
            text = 'means nothing while digits is "none"'
            yield document.finding(("keypad", key), text, Severity.WARNING)
