"""One press that arrives in more than one way counts once.

Some gateways send a key as a telephone event and leave its tone in the audio, or send INFO as well.
The audio comes through the jitter buffer, so the tone may be found long after the event.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from dataclasses import dataclass

WITHIN_S = 1.0
"""Between the ways of one press: a tone waits 0.5 s in the jitter buffer at most and is to be
found; an INFO may be sent at the end of the press."""


@dataclass(slots=True)
class _Press:
    key: str
    at: float
    ways: set[str]


class KeyMerge:
    """Tell presses from their copies."""

    def __init__(self) -> None:
        self._presses: list[_Press] = []

    def is_new(self, key: str, way: str, now: float) -> bool:
        """Take a key that came by ``way``; tell whether it was pressed anew."""
        self._presses = [press for press in self._presses if now - press.at < WITHIN_S]
        for press in self._presses:
            if press.key == key and way not in press.ways:
                press.ways.add(way)
                return False
        self._presses.append(_Press(key, now, {way}))
        return True
