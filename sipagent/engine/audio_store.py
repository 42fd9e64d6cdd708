"""The sound of the items of one conversation, as far as it is kept. Pure.

An hour of two voices is too much to keep of every session: of what is over the limit the oldest
items lose theirs. Realtime: ``conversation.item.retrieve``.
"""

from __future__ import annotations

MOST_BYTES = 8 * 1024 * 1024
"""Of one session: 17 minutes of G.711."""


class AudioStore:
    """Keep audio by item.

    Args:
        most_bytes: Kept in all.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._audio: dict[str, bytearray] = {}
        self._bytes_per_ms: dict[str, int] = {}
        self._size = 0

    def append(self, item_id: str, audio: bytes, *, bytes_per_ms: int) -> None:
        """Keep more audio of an item, at the cost of the oldest item if need be."""
        self._audio.setdefault(item_id, bytearray()).extend(audio)
        self._bytes_per_ms[item_id] = bytes_per_ms
        self._size += len(audio)
        while self._size > self._most_bytes:
            self.drop(next(iter(self._audio)))

    def cut(self, item_id: str, audio_ms: int) -> None:
        """Forget what comes after ``audio_ms``."""
        audio = self._audio.get(item_id)
        if audio is not None:
            length_bytes = audio_ms * self._bytes_per_ms[item_id]
            self._size -= max(0, len(audio) - length_bytes)
            del audio[length_bytes:]

    def drop(self, item_id: str) -> None:
        """Forget an item's audio; harmless if there is none."""
        self._size -= len(self._audio.pop(item_id, b""))
        self._bytes_per_ms.pop(item_id, None)

    def audio(self, item_id: str) -> bytes | None:
        """Return an item's audio, None if it is not kept."""
        audio = self._audio.get(item_id)
        return None if audio is None else bytes(audio)
