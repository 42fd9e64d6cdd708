"""People who listen in to a call: both sides' audio for them, ten times a second.

While the keypad shield is up they do not hear the caller, as the recording does not. Nobody on the
call hears them; that they listen is a fact of the call.

| resource | acquired           | released                            | on failure               |
|----------|--------------------|-------------------------------------|--------------------------|
| tap      | the first listener | the last one left, or the call ends | oldest frames are lost   |
| listener | ``ListenWished``   | they leave, or the call ends        | told nothing: its matter |
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from sipagent.operator_acts import DONE, ActAnswer
from sipagent.sip.media_port import MediaPort
from sipagent.sip.media_tap import MediaTap

from . import facts
from .events import Listener, ListenWished
from .inbox import Inbox
from .listen_mix import ListenMix
from .part import CallPart

log = logging.getLogger(__name__)

MOST_LISTENERS = 4
PIECE_S = 0.1
KEPT_S = 1.0
"""Of a call whose loop is late."""


class Listening(CallPart):
    """Let people listen in."""

    def __init__(self) -> None:
        super().__init__()
        self._listeners: list[Listener] = []
        self._heard: _Heard | None = None
        self._is_caller_muted = False
        self._due: float | None = None

    def mute(self, *, caller: bool) -> None:
        """Let nobody hear the caller from this frame on, or everybody again."""
        if self._heard is not None:
            self._heard.take(is_caller_muted=self._is_caller_muted)
        self._is_caller_muted = caller

    def handle(self, message: Inbox) -> None:
        """Take in somebody who wants to listen."""
        if isinstance(message, ListenWished) and not message.answer.done():
            message.answer.set_result(self._begin(message.listener, message.by))

    def deadline(self) -> float | None:
        """Return when the next piece is due; None: nobody listens."""
        return self._due

    def handle_timer(self, now: float) -> None:
        """Give everybody what was heard."""
        if self._heard is None or self._due is None or now < self._due:
            return
        self._due = now + PIECE_S
        self._listeners = [each for each in self._listeners if not each.is_gone]
        if not self._listeners:
            self._stop()
            return
        self._heard.take(is_caller_muted=self._is_caller_muted)
        if piece := self._heard.mix.piece():
            for listener in self._listeners:
                listener.hear(piece)

    async def close(self) -> Mapping[str, str]:
        """Tell everybody that there is nothing more to hear."""
        listeners, self._listeners = self._listeners, []
        self._stop()
        for listener in listeners:
            listener.end()
        return {}

    def _begin(self, listener: Listener, by: str) -> ActAnswer:
        media = self.hands.leg.media
        if media is None or not self.hands.is_talking():
            return ActAnswer(409, "caller and agent do not talk yet, or no more")
        if sum(not each.is_gone for each in self._listeners) >= MOST_LISTENERS:
            return ActAnswer(409, f"{MOST_LISTENERS} people listen to this call already")
        if self._heard is None:
            self._heard = _Heard(media)
            self._due = self.hands.now() + PIECE_S
        self._listeners.append(listener)
        log.info("call=%s = operator %s: listen", self.hands.call_id, by)
        self.hands.tell(facts.OperatorActed("listen", by, {}))
        return DONE

    def _stop(self) -> None:
        if self._heard is not None:
            self._heard.close()
        self._heard = self._due = None


class _Heard:
    """What is heard on the call while somebody listens."""

    def __init__(self, media: MediaPort) -> None:
        self._media, self.mix = media, ListenMix(media.rate_hz)
        self._tap: MediaTap = media.tap(KEPT_S)

    def take(self, *, is_caller_muted: bool) -> None:
        self.mix.add(self._tap.take(), is_caller_muted=is_caller_muted)

    def close(self) -> None:
        self._media.untap(self._tap)
