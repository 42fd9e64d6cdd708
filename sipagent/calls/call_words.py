"""What a plan's texts may say of the call they are for. Pure.

What comes from the other side stands in quotes, so that the model reads it as a name or a number
and not as an instruction: see ``dialplan.variables.quoted``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sipagent.dialplan.variables import quoted
from sipagent.sip.headers import Invite
from sipagent.sip.identity import identity_of


def call_words(invite: Invite) -> Mapping[str, str]:
    """Return what stands for each variable that a call says of itself."""
    identity = identity_of(invite)
    said = {
        "caller": invite.caller_user,
        "caller_name": invite.caller_name,
        "called": invite.called_user,
        "asserted_caller": identity.asserted_user,
        "diverted_from": identity.diverted_from,
    }
    for name, value in invite.headers:  # of headers that are repeated, the first
        said.setdefault(f"header:{name.lower()}", value)
    return {name: quoted(value) for name, value in said.items()} | {"trunk": invite.trunk or "none"}


def own_words(plan: str, agent: str, zone: str, at_s: float) -> Mapping[str, str]:
    """Return what stands for each variable that is ours, and so needs no quotes.

    Args:
        plan: Its name.
        agent: The name of the one that answers.
        zone: Of date and time; ``""``: that of this machine.
        at_s: When the call came, in Unix seconds.
    """
    at = datetime.fromtimestamp(at_s, ZoneInfo(zone) if zone else None)
    return {"plan": plan, "agent": agent, "date": f"{at:%A, %Y-%m-%d}", "time": f"{at:%H:%M}"}
