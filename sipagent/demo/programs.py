"""Programs of ours as processes of their own, and the files they are given."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from sipagent.errors import SipAgentError

DIALPLANS = Path("dialplans")
START_LIMIT_S = 90.0


@asynccontextmanager
async def program(
    *arguments: str, log: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[str]:
    """Run a command of ours until the end of the block; yield the line it announces itself with.

    Args:
        arguments: The command and what it is given.
        log: Where it writes what goes wrong.
        environment: None: ours.

    Raises:
        SipAgentError: If it does not start.
    """
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sipagent", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
            env=environment,
        )
        try:
            announcement = await _announcement(process)
            if not announcement:
                raise SipAgentError(f"sipagent {arguments[0]} does not start; see {log}")
            sys.stdout.write(f"  {announcement}\n")
            yield announcement
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()


def empty(folder: Path, *names: str) -> None:
    """Make ``folder``, or rid it of what an earlier demo left there.

    Raises:
        SipAgentError: If there are no example plans to make a demo of.
    """
    if not DIALPLANS.is_dir():
        raise SipAgentError(f"the demo needs the example plans: no folder {DIALPLANS}/ here")
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "recordings", ignore_errors=True)
    shutil.rmtree(folder / "dialplans", ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(DIALPLANS, folder / "dialplans", ignore=ignored)


async def _announcement(process: asyncio.subprocess.Process) -> str:
    """Return what a program says when it is ready; empty if it does not get there."""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_LIMIT_S):
            return (await process.stdout.readline()).decode().strip()
    except TimeoutError:
        return ""
