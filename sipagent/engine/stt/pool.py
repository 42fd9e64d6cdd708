"""The recognisers of an engine: a few processes, each serving one utterance at a time.

| resource | acquired        | released          | on failure                                  |
|----------|-----------------|-------------------|---------------------------------------------|
| process  | ``start``       | ``close``         | killed and replaced; the utterance is lost  |
| worker   | ``recognise``   | end of utterance  | the next utterance waits for the next one   |
"""

from __future__ import annotations

import asyncio
import json
import logging
import struct
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sipagent.audio.frames import Pcm, pcm_to_bytes
from sipagent.errors import EngineError

from .language_model import arpa
from .pronunciations import Pronunciations, pronunciations

log = logging.getLogger(__name__)

DICTIONARY = "en-us/cmudict-en-us.dict"
"""Among the models that come with pocketsphinx."""
INSTALL = "pip install 'sipagent[local]'"
START_LIMIT_S = 30.0
UTTERANCE_LIMIT_S = 5.0
"""How long after its last audio an utterance may take."""


class RecogniserPool:
    """Turn utterances into text.

    Args:
        size: Processes.
        phrases: What is expected to be said, by id of the language model.
    """

    def __init__(self, size: int, phrases: Mapping[str, Sequence[str]]) -> None:
        self._size = size
        self._phrases = {name: list(lines) for name, lines in phrases.items() if lines}
        self._idle: asyncio.Queue[_Worker] = asyncio.Queue()
        self._workers: list[_Worker] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    async def start(self) -> None:
        """Start every process and load every model.

        Raises:
            EngineError: If one does not start; the text says why.
        """
        if not self._phrases:
            return
        self._folder = tempfile.TemporaryDirectory(prefix="sipagent-stt-")
        folder = Path(self._folder.name)
        models: list[dict[str, Any]] = []
        for name, phrases in self._phrases.items():
            path = folder / f"{len(models)}.arpa"
            path.write_text(arpa(phrases))
            models.append({"id": name, "path": str(path)})
        dictionary = folder / "words.dict"
        dictionary.write_text(self._spoken().dictionary)
        self._workers = [_Worker(dictionary, models) for _ in range(self._size)]
        await asyncio.gather(*(worker.start() for worker in self._workers))
        for worker in self._workers:
            self._idle.put_nowait(worker)

    def knows(self, name: str) -> bool:
        """Tell whether there is a language model ``name``."""
        return name in self._phrases

    async def recognise(self, name: str, audio: AsyncIterator[Pcm]) -> str:
        """Return what was said in ``audio``, 8 kHz; decodes while it comes.

        Raises:
            EngineError: If the recogniser died or hung; the next utterance has another.
        """
        worker = await self._idle.get()
        try:
            return await worker.recognise(name, audio)
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError) as error:
            log.error("! a recogniser failed: %s", type(error).__name__)
            await worker.restart()
            raise EngineError(f"recognition failed: {type(error).__name__}") from None
        finally:
            self._idle.put_nowait(worker)

    def _spoken(self) -> Pronunciations:
        """Return how all words are spoken; warn of those nobody can say."""
        try:
            from pocketsphinx import get_model_path  # noqa: PLC0415 - an optional extra
        except ImportError:
            raise EngineError(f"speech recognition does not start; {INSTALL}") from None
        words = {name: _words(phrases) for name, phrases in self._phrases.items()}
        with (Path(get_model_path()) / DICTIONARY).open(encoding="utf-8") as lines:
            spoken = pronunciations(frozenset().union(*words.values()), lines)
        for name, its_words in words.items():
            if missing := ", ".join(sorted(its_words & spoken.missing)):
                log.warning("script %s: no pronunciation for %s", name, missing)
        return spoken

    async def close(self) -> None:
        """End every process."""
        for worker in self._workers:
            await worker.close()
        if self._folder is not None:
            self._folder.cleanup()


def _words(phrases: Sequence[str]) -> frozenset[str]:
    return frozenset(word for phrase in phrases for word in phrase.split())


class _Worker:
    def __init__(self, dictionary: Path, models: Sequence[Mapping[str, Any]]) -> None:
        self._dictionary, self._models = dictionary, models
        self._process: asyncio.subprocess.Process | None = None
        self._owed = 0

    async def start(self) -> None:
        self._owed = 0
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "sipagent.engine.stt.sphinx_worker",
            str(self._dictionary),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for model in self._models:
            self._send(b"L", json.dumps(model).encode())
            try:
                await self._reply(START_LIMIT_S)
            except TimeoutError:
                await self.close()
                text = f"speech recognition did not start within {START_LIMIT_S:g} s"
                raise EngineError(text) from None
            except (ValueError, OSError):
                await self.close()
                raise EngineError(f"speech recognition does not start; {INSTALL}") from None

    async def recognise(self, name: str, audio: AsyncIterator[Pcm]) -> str:
        self._send(b"B", name.encode())
        async for pcm in audio:
            self._send(b"A", pcm_to_bytes(pcm))
        self._send(b"E", b"")
        self._owed += 1  # if we are cancelled while we wait, its answer is not the next one's
        while True:
            reply = await self._reply(UTTERANCE_LIMIT_S)
            self._owed -= 1
            if not self._owed:
                return str(reply["text"])

    async def restart(self) -> None:
        await self.close()
        await self.start()

    async def close(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        if process.returncode is None:
            process.kill()
        await process.wait()
        # The pipes belong to the transport, which asyncio closes only when asked.
        process._transport.close()  # type: ignore[attr-defined]

    def _send(self, command: bytes, payload: bytes) -> None:
        if self._process is None or self._process.returncode is not None:
            raise BrokenPipeError("the recogniser is gone")
        assert self._process.stdin is not None
        self._process.stdin.write(struct.pack(">cI", command, len(payload)) + payload)

    async def _reply(self, limit_s: float) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        async with asyncio.timeout(limit_s):
            line = await self._process.stdout.readline()
        reply: dict[str, Any] = json.loads(line)
        return reply
