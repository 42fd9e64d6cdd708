"""Caller audio of one session: buffer, turns, and the utterances recognition is fed with."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import AsyncIterator
from typing import TypeAlias

import numpy as np

from sipagent.audio.formats import AudioFormat, Decoder
from sipagent.audio.frames import Pcm, silence
from sipagent.errors import WireError

from .vad.silero import RATE_HZ
from .vad.stream import SpeechStream
from .vad.turns import TurnEnded, TurnSettings, TurnStarted

LEAST_COMMIT_MS = 100
MOST_UTTERANCE_S = 60
"""More than this of one turn is not kept for recognition."""


class Utterance:
    """Audio of one turn, fed while it is spoken and read, once, by recognition."""

    def __init__(self) -> None:
        self.is_recognised = False
        """Whether somebody reads it."""
        self.is_turn = False
        """Whether VAD found its end, and not its client."""
        self.ended = asyncio.Event()
        self._chunks: asyncio.Queue[Pcm | None] = asyncio.Queue()
        self._kept: list[Pcm] = []
        self._samples = 0

    @property
    def audio_ms(self) -> int:
        """Milliseconds of it."""
        return self._samples * 1000 // RATE_HZ

    def feed(self, pcm: Pcm) -> None:
        """Append audio at 8 kHz."""
        self._samples += len(pcm)
        if self._samples <= MOST_UTTERANCE_S * RATE_HZ:
            self._chunks.put_nowait(pcm)
            self._kept.append(pcm)

    @property
    def pcm(self) -> Pcm:
        """What of it is kept, at 8 kHz."""
        return np.concatenate([silence(0), *self._kept])

    def end(self, *, is_turn: bool = False) -> None:
        """Note that no more comes."""
        self.is_turn = is_turn
        self._chunks.put_nowait(None)
        self.ended.set()

    async def audio(self) -> AsyncIterator[Pcm]:
        """Yield the audio as it comes, until the end."""
        while (chunk := await self._chunks.get()) is not None:
            yield chunk


Change: TypeAlias = tuple[TurnStarted | TurnEnded, Utterance]


class Listening:
    """Turn appended audio into utterances.

    Args:
        audio_format: Of what is appended.
        settings: When speech starts and ends; None: the client commits.
    """

    def __init__(self, audio_format: AudioFormat, settings: TurnSettings | None) -> None:
        self._format = audio_format
        self._decoder = Decoder(audio_format, RATE_HZ)
        self._stream = SpeechStream(settings)
        self._is_manual = settings is None
        self.utterance = Utterance()
        """Of the turn under way, or of what waits for a commit."""

    def configure(self, audio_format: AudioFormat, settings: TurnSettings | None) -> None:
        """Take new settings in mid-stream."""
        if audio_format is not self._format:
            self._format, self._decoder = audio_format, Decoder(audio_format, RATE_HZ)
        self._is_manual = settings is None
        self._stream.configure(settings)

    @property
    def can_commit(self) -> bool:
        """Tell whether there is enough for a commit."""
        return self.utterance.audio_ms >= LEAST_COMMIT_MS

    @property
    def audio_ms(self) -> int:
        """Milliseconds appended since the session began."""
        return self._stream.audio_ms

    def append(self, audio: str) -> list[Change]:
        """Take base64 audio; return what :meth:`hear` does.

        Raises:
            WireError: If it is not base64, or ends inside a sample.
        """
        try:
            data = b64decode(audio, validate=True)
        except (Base64Error, ValueError):
            raise WireError("audio must be base64", param="audio") from None
        if self._format is AudioFormat.PCM24 and len(data) % 2:
            raise WireError("16-bit audio must have an even number of bytes", param="audio")
        return self.hear(self._decoder.decode(data))

    def hear(self, pcm: Pcm) -> list[Change]:
        """Take audio at 8 kHz; return the turns it started or ended, each with its utterance.

        Who is told of an ended turn ends its utterance, once it has an item.
        """
        turns: list[Change] = []
        for chunk, change in self._stream.feed(pcm):
            match change:
                case TurnStarted():
                    self.utterance = Utterance()
                    self.utterance.feed(self._stream.since(change.audio_start_ms))
                    turns.append((change, self.utterance))
                case TurnEnded():
                    self.utterance.feed(chunk)
                    turns.append((change, self.take()))
                case None if self._is_manual or self._stream.is_speaking:
                    self.utterance.feed(chunk)
                case None:
                    pass
        return turns

    def take(self) -> Utterance:
        """Return what waits and start anew; a turn under way is over."""
        self._stream.stop()
        taken, self.utterance = self.utterance, Utterance()
        return taken
