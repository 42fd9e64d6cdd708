"""baresip as a softphone: calls an endpoint, plays a tone, writes down what it hears."""

from __future__ import annotations

import asyncio
import shutil
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from sipagent.audio.frames import Pcm
from sipagent.audio.tones import tone
from sipagent.audio.wav import WavWriter
from tests.ports import rtp_ports

from .certificates import Authority

MODULES = Path("/usr/lib/baresip/modules")
NEEDED = ("account", "aufile", "g711", "menu", "sndfile", "srtp", "stdio")
needs_dtls = pytest.mark.skipif(
    shutil.which("baresip") is None or not (MODULES / "dtls_srtp.so").exists(),
    reason="baresip is not installed, or without DTLS",
)
LIMIT_S, LEAVE_S = 20, 5
OUTPUT = "output.txt"

needs_baresip = pytest.mark.skipif(
    shutil.which("baresip") is None
    or not all((MODULES / f"{name}.so").exists() for name in NEEDED),
    reason="baresip is not installed, or without modules",
)


class Baresip:
    """What one run heard.

    Args:
        folder: Where its module ``sndfile`` writes what it decodes.
        process: Reads commands.
    """

    def __init__(self, folder: Path, process: asyncio.subprocess.Process) -> None:
        self._folder, self._process = folder, process

    def type(self, key: str) -> None:
        """Press a key of its menu: ``x`` holds, ``X`` resumes."""
        assert self._process.stdin is not None
        self._process.stdin.write(key.encode())

    @property
    def output(self) -> str:
        """What it has written so far."""
        return (self._folder / OUTPUT).read_text(errors="replace")

    def heard(self) -> Pcm:
        """Return the sound of the call, once baresip has ended."""
        (written,) = self._folder.glob("dump-*dec.wav")
        with wave.open(str(written)) as file:
            return np.frombuffer(file.readframes(file.getnframes()), np.int16)


@asynccontextmanager
async def baresip(
    uri: str,
    folder: Path,
    authority: Authority | None = None,
    *,
    encryption: str = "",
    answers_at: int = 0,
) -> AsyncIterator[Baresip]:
    """Have baresip call ``uri``; a folder of its own keeps it from anybody's settings.

    Args:
        uri: Whom to call; ``""``: nobody.
        folder: Of its files.
        authority: Whose certificates it trusts, and has one of; None: it has no TLS.
        encryption: Its ``mediaenc``: ``srtp``, ``srtp-mand``, ``dtls_srtp``; ``""``: plain.
        answers_at: Port at which it takes calls; 0: it takes none.
    """
    _configure(folder, authority, encryption, answers_at)
    dials = ("-e", f"/dial {uri}") if uri else ()
    with (folder / OUTPUT).open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *("baresip", "-4", "-n", "127.0.0.1", "-f", str(folder)),
            *(*dials, "-t", str(LIMIT_S)),
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )
    try:
        yield Baresip(folder, process)
    except BaseException:
        print((folder / OUTPUT).read_text(errors="replace")[-4_000:])
        raise
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Let it close its files."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(LEAVE_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _modules(encryption: str) -> tuple[str, ...]:
    keying = "dtls_srtp" if encryption.startswith("dtls") else "srtp"
    return "stdio", "g711", "aufile", "sndfile", keying


def _configure(folder: Path, authority: Authority | None, encryption: str, answers_at: int) -> None:
    writer = WavWriter(folder / "tone.wav", 8_000, 1)
    writer.write(tone(425, LIMIT_S * 1_000, 8_000))  # it hangs up when there is no more
    writer.close()
    lines = [
        f"sip_listen 127.0.0.1:{answers_at}",
        *(() if authority is None else _tls(folder, authority)),
        f"audio_source aufile,{folder}/tone.wav",
        f"snd_path {folder}",
        "rtp_ports {}-{}".format(*rtp_ports("softphone")),
        f"module_path {MODULES}",
        *(f"module {name}.so" for name in _modules(encryption)),
        "module_tmp account.so",
        "module_app menu.so",
    ]
    (folder / "config").write_text("\n".join(lines) + "\n")
    transport = "udp" if authority is None else "tls"
    media = f";mediaenc={encryption}" if encryption else ""
    account = f"<sip:ada@127.0.0.1;transport={transport}>;regint=0{media};audio_codecs=pcmu"
    account += ";answermode=auto" if answers_at else ""
    (folder / "accounts").write_text(account + "\n")
    (folder / "contacts").write_text("")


def _tls(folder: Path, authority: Authority) -> tuple[str, str]:
    """Return its settings of TLS."""
    ours = authority.issue("baresip")
    both = folder / "certificate.pem"
    both.write_text(Path(ours.certificate).read_text() + Path(ours.key).read_text())
    return f"sip_certificate {both}", f"sip_cafile {authority.ca}"
