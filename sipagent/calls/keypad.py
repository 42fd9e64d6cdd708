"""The keys of a call: each counts once, stops the agent, and becomes part of a number.

Keys come as telephone events or INFO from the leg and, if the plan wants it, as tones in the
caller's audio. A key belongs to the number that an agent has asked for (``key_desk``), or else to
the message that ``digits`` makes. In a plan with sensitive numbers no key is told as it is, and
none at all while a secret may be going on that was given up (``stray_keys``). What the caller keys
in for somebody else, once bridged, is no matter of ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from sipagent.deadlines import earliest
from sipagent.realtime.events import SpeechStarted
from sipagent.sip.events import DigitsRefused, Disconnected, DtmfReceived, Held, Resumed

from . import facts
from .caller_audio import FrameSource
from .collecting import FieldSettings, Outcome
from .digits import DigitBatch, DigitSettings
from .events import AgentFellSilent, DigitsWanted
from .inbox import Inbox
from .key_desk import KeyDesk
from .key_merge import KeyMerge
from .keypad_ear import KeypadEar
from .keypad_setup import KeypadSetup
from .keypad_shield import KeypadShield
from .keys import press_keys
from .listening import Listening
from .part import CallPart
from .recording import Recording
from .stray_keys import StrayKeys
from .vault import Vault

MASKED = "x"
"""Told in the place of a key."""

SPARE_END_S = 2.0
"""How long after a number was whole by its count a key that ends it means nothing more."""


class Keypad(CallPart):
    """Make numbers of what the caller keys in.

    Args:
        setup: The plan's share.
        digits: When the agent is told of keys it has not asked for; None: never.
        recording: Of the call; None: there is none.
        listening: Of the call.
        is_bridged: Tells whether the caller talks to somebody else, through us.
    """

    def __init__(
        self,
        setup: KeypadSetup,
        digits: DigitSettings | None,
        recording: Recording | None,
        listening: Listening,
        is_bridged: Callable[[], bool],
    ) -> None:
        super().__init__()
        self._setup, self._recording, self._is_bridged = setup, recording, is_bridged
        self._listening = listening
        self._merge = KeyMerge()
        self._batch = None if digits is None else DigitBatch(digits)
        self._ear: KeypadEar | None = None
        self._shield = KeypadShield(self._shield_changed, self._is_tone_heard)
        self.vault = Vault()
        self._desk = KeyDesk(self.vault)
        self._spare_end = ("", 0.0)
        self._stray = StrayKeys()
        self._held: list[str] = []
        self._refused = ""

    async def collect(self, field: FieldSettings) -> str:
        """Wait for a number; return what the model is told. Cancelling it stops nobody typing."""
        waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.hands.post(DigitsWanted(field, waiting))
        return await waiting

    async def send(self, digits: str) -> str:
        """Press keys on the far end, at a telephone's pace; return what the model is told."""
        self._refused, sent = "", ""

        def press(key: str) -> None:
            nonlocal sent
            if not self._refused:
                self.hands.leg.send_dtmf(key, self._setup.send)
                sent += key

        await press_keys(digits, press)
        if self._refused:
            return f"failed: {self._refused}"
        self.hands.tell(facts.DigitsSent(sent))
        return f"Sent {' '.join(sent)}."

    def handle(self, message: Inbox) -> None:
        """Take a key of the leg's, or what concerns a number that is awaited."""
        match message:
            case DtmfReceived():
                self._pressed(message.digit, message.method)
            case DigitsRefused(reason=reason):
                self._refused = reason
            case DigitsWanted(field=field, waiting=waiting):
                self._wanted(field, waiting)
            case AgentFellSilent() if self._desk.collection is not None:
                self._desk.collection.prompted(self.hands.now())
            case SpeechStarted() if self._desk.collection is not None:
                self._ended(self._desk.collection.spoke())
            case Held():
                self._desk.held(self.hands.now())
            case Resumed():
                self._desk.resumed(self.hands.now())
            case Disconnected():
                self._ended(Outcome.HUNG_UP)
            case _:
                pass
        self._send_held()

    def hear(self, source: FrameSource) -> FrameSource:
        """Listen for tones, if the plan has to do with them; the agent does not hear them."""
        if not (self._setup.in_band or self._setup.has_secrets):
            return source
        self._ear = KeypadEar(source, self._sounded, lambda: self._shield.is_up)
        return self._ear

    def deadline(self) -> float | None:
        """Return when :meth:`handle_timer` is due, or None."""
        waiting = (self._batch, self._desk.collection, self._stray, self._shield)
        return earliest(each.deadline() for each in waiting if each is not None)

    def handle_timer(self, now: float) -> None:
        """End what no key followed."""
        if self._batch is not None:
            self._message(self._batch.due(now))
        collection = self._desk.collection
        if collection is not None:
            if not self.hands.conversation.is_silent:
                collection.prompted(now)
            self._ended(collection.due(now))
        if self._stray.is_over(now):
            self._shield.come_down(now)
        self._send_held()
        self._shield.handle_timer(now)

    async def close(self) -> Mapping[str, str]:
        """Forget what was keyed in."""
        self._ended(Outcome.HUNG_UP)
        self.vault.close()
        return {}

    def _sounded(self, key: str) -> None:
        if self._setup.in_band:
            self._pressed(key, "in_band")

    def _pressed(self, key: str, way: str) -> None:
        now = self.hands.now()
        if not self._merge.is_new(key, way, now):
            return
        is_for_us = not self._is_bridged()
        is_masked = self._setup.has_secrets or not is_for_us
        self.hands.tell(facts.DigitPressed(MASKED if is_masked else key))
        if is_for_us and not self._stray.takes(now):
            self._take(key, now)

    def _take(self, key: str, now: float) -> None:
        collection = self._desk.collection
        if self._setup.barge_in and (collection is not None or self._batch is not None):
            self.hands.conversation.interrupt(now)
        if collection is not None:
            self._ended(collection.press(key, now))
            return
        if self._recording is not None:
            self._recording.pressed(key)
        if self._batch is not None and not self._is_spare(key, now):
            self._message(self._batch.press(key, now))

    def _is_spare(self, key: str, now: float) -> bool:
        """Tell whether a key, the next one, ends a number that was whole before, by its count."""
        (end, until), self._spare_end = self._spare_end, ("", 0.0)
        return key == end and now < until

    def _message(self, text: str | None) -> None:
        if text is not None:
            self._held.append(text)
            self._send_held()

    def _send_held(self) -> None:
        """Tell the agent, but not while the caller waits for somebody: it would talk to nobody."""
        if not self.hands.conversation.is_on_hold:
            held, self._held = self._held, []
            for text in held:
                self.hands.conversation.message(text)

    def _wanted(self, field: FieldSettings, waiting: asyncio.Future[str]) -> None:
        now = self.hands.now()
        if not self._desk.ask(field, waiting, now):
            return
        was_stray = self._stray.forget()
        if field.is_sensitive:
            self._shield.go_up()
        elif was_stray:
            self._shield.come_down(now)
        self.hands.tell(facts.DigitsAsked(field.name, field.is_sensitive))
        typed = "" if self._batch is None else self._batch.take()
        for key in typed:  # while the agent was still asking
            collection = self._desk.collection
            if collection is not None:
                self._ended(collection.press(key, now))

    def _ended(self, outcome: Outcome | None) -> None:
        collection = self._desk.collection
        if outcome is None or collection is None:
            return
        now = self.hands.now()
        if len(collection.digits) == collection.field.max_digits:
            self._spare_end = (collection.field.end, now + SPARE_END_S)
        self.hands.tell(self._desk.end(outcome))
        if collection.may_go_on(outcome):
            self._stray.expect(collection.field.pause_s, now)
        else:
            self._shield.come_down(now)

    def _shield_changed(self, is_up: bool) -> None:
        if self._recording is not None:
            self._recording.mute(caller=is_up)
        self._listening.mute(caller=is_up)
        media = self.hands.leg.media
        if self._ear is not None and media is not None and not is_up:
            self._ear.mute_waiting(media.waiting_frames)

    def _is_tone_heard(self) -> bool:
        return self._ear is not None and self._ear.is_tone_heard
