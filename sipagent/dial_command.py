"""``sipagent dial``: have the running appliance call somebody with a plan's agent."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

import aiohttp

from sipagent.config import Config
from sipagent.errors import SipAgentError

LOOK_S = 0.25
ANSWER_LIMIT_S = 10.0

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
    wanted: dict[str, Any] = {"to": to, "plan": plan, "trunk": trunk}
    wanted |= {} if caller_id is None else {"caller_id": caller_id}
    wanted |= {} if ring_s is None else {"ring_s": ring_s}
    wanted["variables"] = dict(map(_variable, variables))
    tokens = config.http.all_tokens
    where = config.http.url
    async with aiohttp.ClientSession(
        where,
        headers={"Authorization": f"Bearer {tokens[0].secret}"} if tokens else {},
        timeout=aiohttp.ClientTimeout(ANSWER_LIMIT_S),
    ) as session:
        try:
            call = await _ask(session, "POST", "/api/v1/calls", wanted)
            sys.stdout.write(f"{call['call_id']} {call['called']}\n")
            return await _follow(session, call) if waits else COMPLETED
        except (aiohttp.ClientError, TimeoutError) as error:
            why = str(error) or "it does not answer"
            raise SipAgentError(f"the appliance at {where} cannot be asked: {why}") from None


def exit_status(call: dict[str, Any]) -> int:
    """Return the exit status for a call that is over."""
    status = STATUSES.get(call["reason"])
    if status is not None:
        return status
    return COMPLETED if call["result"] == "completed" else OTHER


async def _follow(session: aiohttp.ClientSession, call: dict[str, Any]) -> int:
    told = ""
    while call["state"] != "ended":
        if call["state"] != told:
            told = call["state"]
            sys.stdout.write(f"{told}\n")
        await asyncio.sleep(LOOK_S)
        call = await _ask(session, "GET", f"/api/v1/calls/{call['call_id']}")
    if call["callee"]:
        sys.stdout.write(f"answered by a {call['callee']['kind']}\n")
    detail = f" ({call['detail']})" if call["detail"] else ""
    sys.stdout.write(f"{call['result']}: {call['reason']}{detail}\n")
    return exit_status(call)


async def _ask(
    session: aiohttp.ClientSession, method: str, path: str, body: object = None
) -> dict[str, Any]:
    async with session.request(method, path, json=body) as response:
        content: dict[str, Any] = await response.json()
        if response.status >= 400:
            raise SipAgentError(f"{response.status}: {content['error']['message']}")
        return content


def _variable(line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals or not name:
        raise SipAgentError(f"not a variable, like name=Ada: {line!r}")
    return name, value
