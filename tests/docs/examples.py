"""Runs the examples of the documentation, each as a program of its own, as a reader would."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np

from sipagent.audio.frames import pcm_to_bytes
from sipagent.audio.resample import resample
from tests.engine.speech import RATE_HZ, pause, speech

EXAMPLES = Path("docs/examples").resolve()
LIMIT_S = 40


def output_of(name: str, folder: Path, url: str, *arguments: str, **environment: str) -> list[str]:
    """Run an example in ``folder``; return the lines it prints. Warnings are its errors.

    Args:
        name: Of the file, without ``.py``.
        folder: Where it may leave files.
        url: Of the endpoint.
        arguments: Of the command line.
        environment: Beside what is in ours.
    """
    command = [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"), *arguments]
    ended = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "REALTIME_URL": url, "PYTHONASYNCIODEBUG": "1", **environment},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended.stdout.splitlines()


def question(folder: Path, text: str) -> str:
    """Return the path of a WAV file in which a caller says ``text`` and then nothing."""
    said = np.concatenate([pause(500), speech(text), pause(1_500)])
    path = folder / "question.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(pcm_to_bytes(resample(said, RATE_HZ, 24_000)))
    return str(path)
