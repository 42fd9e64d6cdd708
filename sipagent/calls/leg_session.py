"""What a session needs to know of its leg, and what tools are told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from sipagent.realtime.options import SessionOptions
from sipagent.realtime.session import RealtimeSession
from sipagent.sip.headers import Invite
from sipagent.sip.identity import identity_of

from . import facts
from .leg_parts import LegParts
from .leg_playback import LegPlayback
from .realtime_watch import realtime_message
from .setup import CallSetup, leg_format
from .termination import Reason
from .tools import CallContext, TransferTool


def leg_session(
    setup: CallSetup,
    invite: Invite,
    context: CallContext,
    playback: LegPlayback,
    wall_clock: Callable[[], float],
    tell: Callable[[facts.Fact], None],
) -> RealtimeSession:
    """Return the session of a call, not yet connected, in the format that suits its leg."""

    def note(direction: Literal["in", "out"], message: str | bytes) -> None:
        if (told := realtime_message(direction, message)) is not None:
            tell(told)

    wire_format = leg_format(invite.offered_codecs, setup.line.wishes).to_wire()
    return RealtimeSession(
        setup.agent,
        SessionOptions(input_format=wire_format, output_format=wire_format, **setup.session),
        context=context,
        playback=playback,
        rotation=setup.rotation,
        wall_clock=wall_clock,
        on_message=note,
    )


def leg_context(
    call_id: str,
    invite: Invite,
    transfer: TransferTool,
    request_hang_up: Callable[[Reason, str], None],
    parts: LegParts,
    *,
    setup: CallSetup,
    is_outgoing: bool,
) -> CallContext:
    """Return what tools are told of a call over a leg."""
    identity = identity_of(invite)
    return CallContext(
        call_id=call_id,
        sip_call_id=invite.sip_call_id,
        called=invite.called_user,
        caller=invite.caller_user,
        caller_name=invite.caller_name,
        headers=invite.headers,
        request_hang_up=request_hang_up,
        transfer=transfer,
        recording=parts.recording,
        keypad=parts.keypad,
        collected=parts.keypad.vault,
        delegate=None if parts.delegation is None else parts.delegation.ask,
        direction="outgoing" if is_outgoing else "incoming",
        variables=setup.variables,
        messages=parts.messages.desk,
        judges=parts.judges,
        words=setup.words,
        asserted_caller=identity.asserted_user,
        diverted_from=identity.diverted_from,
    )
