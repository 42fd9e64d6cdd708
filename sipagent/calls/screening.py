"""Is it an assistant that asks who calls, and why, before anybody is rung up? By its words. Pure.

Telephones do this for their owners (Android's Call Screen, iOS' Call Screening). They talk as long
as a voicemail does; what they want is an answer, and a voicemail wants a message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_OF_A_VOICEMAIL = (
    *("message", "voicemail", "voice mail", "mailbox", "tone", "beep"),
    *("nachricht", "signalton", "piepton", "mensaje", "señal", "bip"),
)
"""These also want to be told a name and a reason."""

_WORD = re.compile(r"[^\W_]+")


def is_screening(text: str, phrases: Sequence[str]) -> bool:
    """Tell whether ``text``, as the endpoint wrote it down, has one of ``phrases``.

    Case and punctuation do not count.
    """
    said = _words(text)
    if any(f" {_words(word).strip()} " in said for word in _OF_A_VOICEMAIL):
        return False
    return any(_words(phrase) in said for phrase in phrases if phrase.strip())


def _words(text: str) -> str:
    """Return the words of ``text``, each between spaces."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "
