"""``sipagent calls live``, ``hangup``, ``transfer``, ``whisper``: calls that go on, by the API."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from sipagent.config import Config
from sipagent.ops.store.call_text import shown

from .appliance_client import Json, asking

CALLS = "/api/v1/calls"


async def list_live(config: Config, now: datetime) -> None:
    """Print the calls that go on, oldest first.

    Raises:
        SipAgentError: If the appliance cannot be asked.
    """
    async with asking(config) as ask:
        calls = (await ask("GET", CALLS))["calls"]
    for call in calls:
        if call["state"] != "ended":
            sys.stdout.write(live_line(call, now) + "\n")


async def act(config: Config, call_id: str, what: str, body: Json) -> None:
    """Have something done on a call.

    Raises:
        SipAgentError: If it is not, or the appliance cannot be asked.
    """
    async with asking(config) as ask:
        await ask("POST", f"{CALLS}/{call_id}/{what}", body)


def live_line(call: Json, now: datetime) -> str:
    """Return a call that goes on as one line."""
    began = datetime.fromisoformat(call["answered_at"] or call["started_at"])
    seconds = max(0, round((now.astimezone(UTC) - began).total_seconds()))
    who = f"{call['caller'] or '?'} > {call['called'] or '?'}"
    line = f"{call['call_id']}  {call['state']:<12}  {call['plan'] or '-':<16}"
    return shown(
        f"{line}  {call['agent'] or '-':<16}  {who:<36}  {seconds // 60}:{seconds % 60:02}"
    )
