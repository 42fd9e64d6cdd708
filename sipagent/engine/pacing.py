"""How far a text is told ahead of its sound. Pure.

The real endpoint's transcript runs ahead of its audio. What reads it relies on that: a guardrail
stops words that nobody has heard yet, and of an answer that is cut off every word heard is known.
"""

from __future__ import annotations

import re

LEAD_CHUNKS = 3
"""Words are not spread evenly over the sound; this much ahead, each is told before it is heard."""

_WORD = re.compile(r"\s*\S+")


def words_of(text: str) -> list[str]:
    """Return the words of a text, each with the space before it."""
    return _WORD.findall(text.strip())


class Transcript:
    """Tell a text word by word, each before the chunk of audio it is heard in.

    Args:
        text: What is said.
        chunks: Of audio; with none, all of it is due at once.
    """

    def __init__(self, text: str, chunks: int) -> None:
        self._words = [(match.start(), match.group()) for match in _WORD.finditer(text.strip())]
        self._length = len(text.strip())
        self._chunks = chunks
        self._told = 0

    def before(self, chunk: int) -> str:
        """Return what must be told before chunk number ``chunk`` is sent, if anything."""
        due_chunks = chunk + 1 + LEAD_CHUNKS
        began = self._told
        while self._told < len(self._words):
            start, _ = self._words[self._told]
            if start * self._chunks >= self._length * due_chunks:
                break
            self._told += 1
        return "".join(word for _, word in self._words[began : self._told])
