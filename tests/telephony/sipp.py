"""SIPp as the caller: runs one of our scenarios against an endpoint."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest

SCENARIOS = Path(__file__).parent / "scenarios"
LIMIT_S = 45
LIMIT_PER_CALL_S = 0.4

needs_sipp = pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed")


class SippFailed(AssertionError):
    """SIPp did not see what its scenario asks for."""


class Sipp:
    """One run of one scenario.

    Args:
        scenario: Name of a file in ``scenarios/``.
        target_port: Where the endpoint listens.
        folder: For SIPp's own files.
        rtp_port: What the offer names as the caller's media port.
        offer: Payload types in the offer.
        event_type: The one of telephone events.
        status: Final status the scenario expects or tells, where it has a choice.
        target: Where somebody is sent, in scenarios that do so.
        user: Who is called.
        pause_ms: How long it talks, where it hangs up itself.
        calls: How many calls, one after the other.
        transport: ``udp`` or ``tcp``.
        password: What it answers a challenge with.
        per_second: Calls it begins, at most.
    """

    def __init__(
        self,
        scenario: str,
        target_port: int,
        folder: Path,
        *,
        rtp_port: int = 10_000,
        offer: str = "0 101",
        event_type: int = 101,
        status: int = 200,
        target: str = "",
        user: str = "agent",
        pause_ms: int = 100,
        calls: int = 1,
        transport: str = "udp",
        password: str = "",
        per_second: int = 100,
    ) -> None:
        text = (SCENARIOS / f"{scenario}.xml").read_text()
        values = {
            "RTP_PORT": rtp_port,
            "OFFER": offer,
            "STATUS": status,
            "TARGET": target,
            "TARGET_PATTERN": re.escape(target),
            "PAUSE_MS": pause_ms,
            "PASSWORD": password,
        }
        for name, value in values.items():
            text = text.replace(f"@@{name}@@", str(value))
        for line in ("a=rtpmap:{} telephone-event/8000", "a=fmtp:{} 0-16"):
            text = text.replace(line.format(101), line.format(event_type))
        self._file = folder / f"{scenario}.xml"
        self._file.write_text(text)
        self._errors = folder / "errors.log"
        limit_s = LIMIT_S + round(calls * LIMIT_PER_CALL_S)
        self._command = (
            *("sipp", f"127.0.0.1:{target_port}", "-i", "127.0.0.1", "-s", user),
            *("-sf", str(self._file), "-m", str(calls), "-l", "1", "-r", str(per_second)),
            *("-t", "t1" if transport == "tcp" else "u1", "-nostdin", "-timeout", f"{limit_s}s"),
            *("-timeout_error", "-trace_err", "-error_file", str(self._errors)),
        )
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Sipp:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=self._file.parent,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()

    async def succeeds(self) -> None:
        """Wait for the end of the scenario.

        Raises:
            SippFailed: If it did not go as written.
        """
        assert self._process is not None
        output, _ = await self._process.communicate()
        if self._process.returncode != 0:
            errors = self._errors.read_text() if self._errors.exists() else ""
            raise SippFailed(f"exit {self._process.returncode}\n{errors}\n{output.decode()[-800:]}")
