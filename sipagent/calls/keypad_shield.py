"""The keypad shield: while it is up, neither agent nor recording nor listeners hear the caller.

It is up from the moment a sensitive number is asked for, and comes down a little after it was
ended, or once no more of it is expected (``stray_keys``): the tone of a key may be heard longer
than the key is told, and audio comes later than an event by what the jitter buffer holds. As long
as a tone is heard it stays up.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from collections.abc import Callable

LOWER_AFTER_S = 0.7
"""More than the 500 ms that a jitter buffer may hold."""

LOOK_AGAIN_S = 0.1


class KeypadShield:
    """Know whether the caller may be heard.

    Args:
        changed: Called with whether it is up, whenever that changes.
        is_tone_heard: Tells whether a key sounds now.
    """

    def __init__(self, changed: Callable[[bool], None], is_tone_heard: Callable[[], bool]) -> None:
        self._changed, self._is_tone_heard = changed, is_tone_heard
        self._comes_down_at: float | None = None
        self.is_up = False

    def go_up(self) -> None:
        """Let nobody hear the caller."""
        self._comes_down_at = None
        if not self.is_up:
            self.is_up = True
            self._changed(True)

    def come_down(self, now: float) -> None:
        """Let the caller be heard again, soon."""
        if self.is_up:
            self._comes_down_at = now + LOWER_AFTER_S

    def deadline(self) -> float | None:
        """Return when :meth:`handle_timer` is due, or None."""
        return self._comes_down_at

    def handle_timer(self, now: float) -> None:
        """Come down if it is time, and quiet."""
        if self._comes_down_at is None or now < self._comes_down_at:
            return
        if self._is_tone_heard():
            self._comes_down_at = now + LOOK_AGAIN_S
            return
        self.is_up, self._comes_down_at = False, None
        self._changed(False)
