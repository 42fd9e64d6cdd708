"""The keys of a call: each counts once, stops the agent, and becomes part of a number.

Keys come as telephone events or INFO from the leg and, if the plan wants it, as tones in the
caller's audio. What a number is, is decided by ``digits``.
"""

from __future__ import annotations

from sipagent.audio.goertzel import ToneKeys
from sipagent.sip.events import DtmfReceived

from . import facts
from .conversation import FrameSource
from .digits import DigitBatch, DigitSettings
from .inbox import Inbox
from .key_merge import KeyMerge
from .keypad_ear import KeypadEar
from .keypad_setup import KeypadSetup
from .part import CallPart


class Keypad(CallPart):
    """Make messages to the agent of what the caller keys in.

    Args:
        setup: The plan's share.
        digits: When the agent is told; None: never.
    """

    def __init__(self, setup: KeypadSetup, digits: DigitSettings | None) -> None:
        super().__init__()
        self._setup = setup
        self._merge = KeyMerge()
        self._batch = None if digits is None else DigitBatch(digits)

    def handle(self, message: Inbox) -> None:
        """Take a key of the leg's."""
        if isinstance(message, DtmfReceived):
            self._pressed(message.digit, message.method)

    def hear(self, source: FrameSource) -> FrameSource:
        """Listen for tones, if the plan wants it; what is a key, the agent does not hear."""
        if not self._setup.in_band:
            return source
        tones = ToneKeys(source.rate_hz)
        return KeypadEar(source, tones, lambda key: self._pressed(key, "in_band"))

    def deadline(self) -> float | None:
        """Return when a number is whole though no key follows, or None."""
        return None if self._batch is None else self._batch.deadline()

    def handle_timer(self, now: float) -> None:
        """Tell the agent of a number that no key followed."""
        if self._batch is not None and (text := self._batch.due(now)) is not None:
            self.hands.conversation.message(text)

    def _pressed(self, key: str, way: str) -> None:
        now = self.hands.now()
        if not self._merge.is_new(key, way, now):
            return
        self.hands.tell(facts.DigitPressed(key))
        if self._batch is None:
            return
        if self._setup.barge_in:
            self.hands.conversation.interrupt(now)
        if (text := self._batch.press(key, now)) is not None:
            self.hands.conversation.message(text)
