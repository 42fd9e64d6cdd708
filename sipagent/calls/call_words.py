"""What a plan's texts may say of the call they are for. Pure.

What comes from the other side stands in quotes, so that the model reads it as a name or a number
and not as an instruction: see ``dialplan.variables.quoted``.
"""

from __future__ import annotations

from collections.abc import Mapping

from sipagent.dialplan.variables import quoted
from sipagent.sip.headers import Invite
from sipagent.sip.identity import identity_of


def call_words(invite: Invite) -> Mapping[str, str]:
    """Return what stands for each variable that every call has."""
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
    return {name: quoted(value) for name, value in said.items()}
