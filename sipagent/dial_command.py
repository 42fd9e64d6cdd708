"""``sipagent dial``: have the running appliance call somebody with a plan's agent."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from sipagent.config import Config
from sipagent.errors import SipAgentError

from .appliance_client import Ask, Json, asking

LOOK_S = 0.25

STATUSES = {
    "callee_busy": 3,
    "no_answer": 4,
    "ring_timeout": 4,
    "unreachable": 4,
    "declined": 5,
    "wrong_number": 6,
    "machine_answered": 7,
}
"""Exit status by reason."""
COMPLETED, OTHER = 0, 8


async def place(
    config: Config,
    to: str,
    *,
    plan: str,
    trunk: str,
    caller_id: str | None,
    ring_s: float | None,
    variables: Sequence[str],
    waits: bool,
) -> int:
    """Place a call, follow it if asked to, print what becomes of it; return the exit status.

    Raises:
        SipAgentError: If it is not placed, or the appliance cannot be asked.
    """
    wanted: Json = {"to": to, "plan": plan, "trunk": trunk}
    wanted |= {} if caller_id is None else {"caller_id": caller_id}
    wanted |= {} if ring_s is None else {"ring_s": ring_s}
    wanted["variables"] = dict(map(_variable, variables))
    async with asking(config) as ask:
        call = await ask("POST", "/api/v1/calls", wanted)
        sys.stdout.write(f"{call['call_id']} {call['called']}\n")
        return await _follow(ask, call) if waits else COMPLETED


def exit_status(call: Json) -> int:
    """Return the exit status for a call that is over."""
    status = STATUSES.get(call["reason"])
    if status is not None:
        return status
    return COMPLETED if call["result"] == "completed" else OTHER


async def _follow(ask: Ask, call: Json) -> int:
    told = ""
    while call["state"] != "ended":
        if call["state"] != told:
            told = call["state"]
            sys.stdout.write(f"{told}\n")
        await asyncio.sleep(LOOK_S)
        call = await ask("GET", f"/api/v1/calls/{call['call_id']}")
    if call["callee"]:
        sys.stdout.write(f"answered by a {call['callee']['kind']}\n")
    detail = f" ({call['detail']})" if call["detail"] else ""
    sys.stdout.write(f"{call['result']}: {call['reason']}{detail}\n")
    return exit_status(call)


def _variable(line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals or not name:
        raise SipAgentError(f"not a variable, like name=Ada: {line!r}")
    return name, value
