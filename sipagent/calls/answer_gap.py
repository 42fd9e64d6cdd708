"""The gap that a caller hears: from their last word to the first sound of the answer. Pure.

The endpoint says that the caller stopped once it has heard enough silence, so that much is taken
off. Where nobody knows how much that is, as with semantic turn detection, no gap is told.
"""

from __future__ import annotations


class AnswerGap:
    """Measure it, turn by turn.

    Args:
        silence_ms: How much silence ends the caller's turn; None: nobody can say.
    """

    def __init__(self, silence_ms: int | None) -> None:
        self._silence_ms = silence_ms
        self._last_word_at: float | None = None

    def caller_stopped(self, at: float) -> None:
        """Note that the caller's turn ended, in monotonic seconds."""
        if self._silence_ms is not None:
            self._last_word_at = at - self._silence_ms / 1000

    def answered(self, at: float) -> int | None:
        """Return the milliseconds until ``at``, when an answer began to be heard; once a turn."""
        last_word_at, self._last_word_at = self._last_word_at, None
        return None if last_word_at is None else round((at - last_word_at) * 1000)

    def forget(self) -> None:
        """Expect no answer: whoever was to give it is gone."""
        self._last_word_at = None
