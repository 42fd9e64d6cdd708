"""Has a copy of the plans checked by a process of its own.

Checking executes the Python files of the plans, which may do anything: hang, end, start threads.
Processes with calls load only what such a process has found to be right.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path

from sipagent.config import Config
from sipagent.dialplan.findings import Finding
from sipagent.dialplan.plans import Plan
from sipagent.ops.plan_state import PlanSummary

CHECK_LIMIT_S = 20.0
EDITED_LOOK_S = 3.0
"""A check that lasts is given up for another edit, which may mend what it hangs at."""
NICENESS = 10
"""Calls come first where there are few cores."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found."""

    findings: tuple[Finding, ...]
    plans: tuple[PlanSummary, ...] = ()
    others: tuple[Path, ...] = ()
    """Files outside the copy that had a part in it."""

    @property
    def is_right(self) -> bool:
        """Tell whether the plans can be used."""
        return not any(each.is_error for each in self.findings)


def checker_main(config: Config, copy: Path, connection: Connection) -> None:
    """Run in the process that checks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    findings, plans, others = importlib.import_module("sipagent.check").check_copy(config, copy)
    summaries = tuple(map(_summary, plans))
    connection.send(Checked(tuple(findings), summaries, tuple(others)))


def _summary(plan: Plan) -> PlanSummary:
    dialplan = plan.dialplan
    return PlanSummary(
        plan.name,
        str(plan.file),
        dialplan.match.called,
        dialplan.match.priority,
        tuple(agent.name for agent in dialplan.agents),
        () if dialplan.transfer is None else tuple(dialplan.transfer.targets),
    )


async def check_plans(
    context: ForkServerContext,
    config: Config,
    copy: Path,
    is_edited: Callable[[], Awaitable[bool]] | None = None,
) -> Checked:
    """Return what is wrong with a copy; also if checking hangs or crashes.

    Args:
        context: Of the fork server.
        config: Of the appliance.
        copy: Of its dialplans.
        is_edited: Tells whether the copy is out of date.
    """
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=checker_main, args=(config, copy, theirs), name="check")
    process.start()
    theirs.close()
    receiving = asyncio.ensure_future(asyncio.to_thread(_received, ours))
    try:
        while not (await asyncio.wait({receiving}, timeout=EDITED_LOOK_S))[0]:
            if is_edited is not None and await is_edited():
                text = "checking was given up: there is another edit"
                return Checked((Finding(config.dialplans.path, 0, "", text),))
        found = receiving.result()
    finally:
        process.kill()  # its work is done, or never will be
        await asyncio.to_thread(process.join)
        await asyncio.wait({receiving})  # the process was all that it waited for
        ours.close()
        process.close()
    if found is None:
        text = f"checking did not come to an end within {CHECK_LIMIT_S:g} s, or crashed"
        return Checked((Finding(config.dialplans.path, 0, "", text),))
    return found


def _received(connection: Connection) -> Checked | None:
    try:
        if not connection.poll(CHECK_LIMIT_S):
            return None
        found = connection.recv()
    except (EOFError, OSError):
        return None
    return found if isinstance(found, Checked) else None
