"""The process of the engine's voice: stopped and gone on with, and given up in mid-sentence."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import IO

import pytest

from sipagent.engine.tts.speaker import Speaker

pytest.importorskip("espeakng_loader")

SENTENCES = "The engine says more than any pipe holds. " * 8
WORKER = (sys.executable, "-m", "sipagent.engine.tts.espeak_worker")


def line(text: str) -> bytes:
    """Return what asks for ``text``."""
    asked = {"text": text, "voice": "en-us", "pitch": 50, "wpm": 170}
    return json.dumps(asked).encode() + b"\n"


def until_full(pipe: IO[bytes]) -> None:
    """Wait until who writes to ``pipe`` has to wait."""
    size = fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
    full = struct.pack("i", size - 4)
    while fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)) != full:
        time.sleep(0.01)


def test_a_voice_that_is_paused_says_its_sentence_to_the_end() -> None:
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}  # as in our image
    with subprocess.Popen(
        WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as worker:
        assert worker.stdin is not None and worker.stdout is not None
        worker.stdout.read(4)
        worker.stdin.write(line(SENTENCES))
        worker.stdin.flush()
        (length,) = struct.unpack(">I", os.read(worker.stdout.fileno(), 4))
        until_full(worker.stdout)
        os.kill(worker.pid, signal.SIGSTOP)
        os.kill(worker.pid, signal.SIGCONT)
        worker.stdin.close()
        assert len(worker.stdout.read()) == length


async def test_a_voice_can_be_closed_though_nobody_heard_it_out() -> None:
    speaker = Speaker()
    await speaker.start()
    assert speaker._process is not None
    stdin, stdout = speaker._process.stdin, speaker._process.stdout
    assert stdin is not None and stdout is not None
    stdin.write(line(SENTENCES))
    while not stdout._paused:  # type: ignore[attr-defined]
        await asyncio.sleep(0.01)
    await speaker.close()
