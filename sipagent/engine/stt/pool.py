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
        if self._phrases:
            await self._replace_all(self._phrases)

    async def learn(self, phrases: Mapping[str, Sequence[str]]) -> None:
        """Expect other things to be said; utterances that are on their way are not lost.

        Args:
            phrases: All that are expected from now on, by id of the language model.

        Raises:
            EngineError: If a process does not start; what was known stays known.
        """
        wanted = {name: list(lines) for name, lines in phrases.items() if lines}
        if not set(wanted) <= set(self._phrases):
            await self._replace_all(wanted)

    async def _replace_all(self, phrases: dict[str, list[str]]) -> None:
        """Start processes that know ``phrases``, then end those before."""
        folder = tempfile.TemporaryDirectory(prefix="sipagent-stt-")
        try:
            dictionary, models = await asyncio.to_thread(_written, Path(folder.name), phrases)
            workers = [_Worker(dictionary, models) for _ in range(self._size)]
            try:
                await asyncio.gather(*(worker.start() for worker in workers))
            except BaseException:
                for worker in workers:
                    await worker.close()
                raise
        except BaseException:
            folder.cleanup()
            raise
        before, self._folder = self._folder, folder
        self._workers, self._phrases = workers, phrases
        old = [self._idle.get_nowait() for _ in range(self._idle.qsize())]
        for worker in workers:
            self._idle.put_nowait(worker)
        for worker in old:
            await worker.close()
        if before is not None:
            before.cleanup()

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
            if worker in self._workers:
                await worker.restart()
            raise EngineError(f"recognition failed: {type(error).__name__}") from None
        finally:
            if worker in self._workers:
                self._idle.put_nowait(worker)
            else:  # another has taken its place meanwhile
                await worker.close()

    async def close(self) -> None:
        """End every process."""
        for worker in self._workers:
            await worker.close()
        if self._folder is not None:
            self._folder.cleanup()


def _written(
    folder: Path, phrases: Mapping[str, Sequence[str]]
) -> tuple[Path, list[dict[str, Any]]]:
    """Write dictionary and language models; return where they are.

    Raises:
        EngineError: If there is nothing to recognise speech with.
    """
    models: list[dict[str, Any]] = []
    for name, lines in phrases.items():
        path = folder / f"{len(models)}.arpa"
        path.write_text(arpa(lines))
        models.append({"id": name, "path": str(path)})
    dictionary = folder / "words.dict"
    dictionary.write_text(_spoken(phrases).dictionary)
    return dictionary, models


def _spoken(phrases: Mapping[str, Sequence[str]]) -> Pronunciations:
    """Return how all words are spoken; warn of those nobody can say."""
    try:
        from pocketsphinx import get_model_path  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise EngineError(f"speech recognition does not start; {INSTALL}") from None
    words = frozenset[str]().union(*map(_words, phrases.values()))
    with (Path(get_model_path()) / DICTIONARY).open(encoding="utf-8") as lines:
        spoken = pronunciations(words, lines)
    if missing := ", ".join(sorted(spoken.missing)):
        log.warning("no pronunciation for %s", missing)
    return spoken


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
