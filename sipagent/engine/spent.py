"""What a response has cost, in tokens, and how much it may still cost. Pure.

As the guide counts: 50 ms of speech or 4 characters each are one.
Realtime: ``max_output_tokens`` and ``response.usage``.
"""

from __future__ import annotations

from dataclasses import dataclass

from .checks import Json

TOKEN_MS = 50
TOKEN_CHARS = 4


@dataclass(slots=True)
class Spent:
    """Output of one response."""

    most_tokens: int | None = None
    """None: no limit."""
    audio_ms: int = 0
    chars: int = 0

    @property
    def tokens(self) -> int:
        """What it has cost."""
        return self.audio_ms // TOKEN_MS + self.chars // TOKEN_CHARS

    def spend(self, *, audio_ms: int = 0, chars: int = 0) -> bool:
        """Spend more if there is room for all of it; tell whether there was."""
        more = Spent(None, self.audio_ms + audio_ms, self.chars + chars)
        if self.most_tokens is not None and more.tokens > self.most_tokens:
            return False
        self.audio_ms, self.chars = more.audio_ms, more.chars
        return True

    def to_wire(self, input_tokens: int) -> Json:
        """Return the ``usage`` object."""
        audio, text = self.audio_ms // TOKEN_MS, self.chars // TOKEN_CHARS
        return {
            "total_tokens": input_tokens + audio + text,
            "input_tokens": input_tokens,
            "output_tokens": audio + text,
            "input_token_details": {
                "text_tokens": input_tokens,
                "audio_tokens": 0,
                "image_tokens": 0,
                "cached_tokens": 0,
                "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
            },
            "output_token_details": {"text_tokens": text, "audio_tokens": audio},
        }
