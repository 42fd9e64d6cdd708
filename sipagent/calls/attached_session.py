"""The session of an attached call: what of its plan an accept takes. Pure.

Realtime: POST /realtime/calls/{call_id}/accept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sipagent.agents.passing import is_passing
from sipagent.dialplan.call_keys import CallKeys
from sipagent.errors import SessionError, SessionRejected
from sipagent.realtime.accepting import NOT_ACCEPTED
from sipagent.realtime.call_end import is_call_over
from sipagent.realtime.endpoint import Endpoint
from sipagent.realtime.options import SessionOptions
from sipagent.sip.headers import Invite, invite_of_headers
from sipagent.sip.identity import identity_of

from .attached_events import AttachFailed, CallOver
from .delegation import Delegation
from .events import SessionFailed
from .facts import CallOffered, Fact
from .journal import JournalEntry
from .judges import Judges
from .messages import MessageDesk
from .prepare import DEFAULT_SILENCE_MS
from .setup import CallSetup
from .termination import Reason, session_failure
from .tools import CallContext, TransferTool


def attached_options(setup: CallSetup, endpoint: Endpoint) -> SessionOptions:
    """Return the options of a session whose audio the endpoint carries.

    Formats are the endpoint's, and so is the decision when the caller cuts the agent off: a delay
    before that counts needs somebody who hears the two.

    Args:
        setup: The call's share of its plan.
        endpoint: Its model is the plan's unless that names another.
    """
    session = dict(setup.session)
    detection = session.get("turn_detection")
    if isinstance(detection, Mapping):
        taken = {key: value for key, value in detection.items() if key not in NOT_ACCEPTED}
        session["turn_detection"] = taken | {"interrupt_response": setup.barge_in.is_enabled}
    model = session.pop("model", "") or endpoint.model
    return SessionOptions(model=model, barge_in=setup.barge_in.is_enabled, **session)


def left_out(setup: CallSetup) -> list[str]:
    """Return the fields of the plan's turn detection that an accept refuses."""
    detection: Any = setup.session.get("turn_detection")
    return [
        field for field in NOT_ACCEPTED if isinstance(detection, Mapping) and field in detection
    ]


def silence_ms(setup: CallSetup) -> int | None:
    """Return how much silence ends the caller's turn, None if nobody can say."""
    return None if setup.silence_duration_ms is None else DEFAULT_SILENCE_MS


def call_endpoint(endpoint: Endpoint, realtime_call_id: str) -> Endpoint:
    """Return where the session of a call is; it has a model already."""
    return replace(endpoint, model="", realtime_call_id=realtime_call_id)


def attached_offer(entry: JournalEntry, invite: Invite, keys: CallKeys) -> CallOffered:
    """Return the fact that a call came in at the provider."""
    return CallOffered(
        "incoming",
        invite.sip_call_id,
        invite.called_user,
        invite.caller_user,
        realtime_call_id=entry.realtime_call_id,
        keys=keys,
    )


def attached_messages(
    call_id: str,
    setup: CallSetup,
    entry: JournalEntry,
    tell: Callable[[Fact], None],
    wall_clock: Callable[[], float],
) -> MessageDesk:
    """Return who takes messages on an attached call."""
    invite = invite_of_headers(entry.sip_headers)
    return MessageDesk(
        call_id,
        setup.plan,
        setup.message,
        caller=invite.caller_user,
        called=invite.called_user,
        tell=tell,
        wall_clock=wall_clock,
    )


def attached_context(
    call_id: str,
    entry: JournalEntry,
    transfer: TransferTool,
    request_hang_up: Callable[[Reason, str], None],
    delegation: Delegation | None,
    messages: MessageDesk,
    judges: Judges,
    words: Mapping[str, str],
) -> CallContext:
    """Return what tools are told of an attached call."""
    invite = invite_of_headers(entry.sip_headers)
    return CallContext(
        call_id=call_id,
        sip_call_id=invite.sip_call_id,
        called=invite.called_user,
        caller=invite.caller_user,
        caller_name=invite.caller_name,
        headers=invite.headers,
        request_hang_up=request_hang_up,
        transfer=transfer,
        messages=messages,
        judges=judges,
        realtime_call_id=entry.realtime_call_id,
        delegate=None if delegation is None else delegation.ask,
        diverted_from=identity_of(invite).diverted_from,
        words=words,
    )


def attach_failure(error: SessionError) -> CallOver | AttachFailed | SessionFailed:
    """Return what it means that the socket could not be opened."""
    if is_call_over(error):
        return CallOver(Reason.CALLER_HUNG_UP, str(error))
    reason = session_failure(error)
    if isinstance(error, SessionRejected) and not is_passing(error.status):
        return SessionFailed(reason, str(error))
    return AttachFailed(reason, str(error))
