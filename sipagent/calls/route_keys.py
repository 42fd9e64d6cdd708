"""What of an INVITE decides which plan takes it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sipagent.dialplan.call_keys import CallKeys
from sipagent.sip.emergency import is_emergency_call
from sipagent.sip.headers import Invite
from sipagent.sip.identity import identity_of

_NEVER_KEPT = frozenset({"authorization", "proxy-authorization"})
"""Headers that no plan needs, and that are not for the record."""

MAX_HEADER_CHARS = 16_000
"""Of all headers together: four times what any exchange sends, and keys are passed around."""


def route_keys(
    invite: Invite, call_id: str, at_s: float, emergency_numbers: Collection[str]
) -> CallKeys:
    """Return what plans look at.

    Args:
        invite: As it came.
        call_id: Ours.
        at_s: When it came, in Unix seconds.
        emergency_numbers: Those there are.
    """
    identity = identity_of(invite)
    return CallKeys(
        called=invite.called_user,
        caller=invite.caller_user,
        headers=tuple(_headers(invite)),
        is_emergency=is_emergency_call(invite, emergency_numbers),
        asserted_caller=identity.asserted_user,
        diverted_from=identity.diverted_from,
        trunk=invite.trunk,
        source_address=_host(invite.source_address),
        at_s=at_s,
        call_id=call_id,
    )


def _headers(invite: Invite) -> Iterator[tuple[str, str]]:
    left = MAX_HEADER_CHARS
    for name, value in invite.headers:
        left -= len(name) + len(value)
        if left >= 0 and name.lower() not in _NEVER_KEPT:
            yield name, value


def _host(address: str) -> str:
    """Return ``host`` of ``host:port``, without the brackets of IPv6."""
    host, colon, _ = address.rpartition(":")
    return (host if colon else address).strip("[]")
