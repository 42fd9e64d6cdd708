"""The parts of a call over a leg, made before its session: tools reach them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from sipagent.deadlines import earliest
from sipagent.realtime.endpoint import Endpoint
from sipagent.sip.headers import Invite

from .callee import Callee
from .caller_audio import FrameSource
from .consult import Dial
from .delegation import Delegation, call_delegation
from .delegation_approvals import Approver
from .hold import HoldPolicy
from .inbox import Inbox
from .judges import Judges
from .keypad import Keypad
from .leg_fallback import LegFallback
from .leg_hold import LegHold
from .leg_succession import LegSuccession
from .leg_transfer import LegTransfer
from .life import Life
from .line_watch import LineWatch
from .listening import Listening
from .mcp import LegMcp
from .messages import LegMessages, MessageDesk
from .operator import Operator
from .part import CallHands, CallPart
from .recording import Recording
from .recording_name import RecordedCall, recording_name
from .setup import CallSetup
from .speech_watch import SpeechWatch
from .tool_approvals import LegApprovals

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LegParts:
    """By name; iterates over those there are, in the order in which they see what arrives."""

    delegation: Delegation | None
    recording: Recording | None
    callee: Callee | None
    """First of those that stand between the other side's audio and the agent: it has a source of
    its own."""
    transfer: LegTransfer
    succession: LegSuccession
    hold: LegHold
    keypad: Keypad
    life: Life
    line: LineWatch
    speech: SpeechWatch
    listening: Listening
    approvals: LegApprovals
    mcp: LegMcp
    messages: LegMessages
    fallback: LegFallback
    judges: Judges
    operator: Operator
    """Last: nearest to the agent."""

    def __iter__(self) -> Iterator[CallPart]:
        for field in fields(self):
            part: CallPart | None = getattr(self, field.name)
            if part is not None:
                yield part

    def join(self, hands: CallHands) -> None:
        """Have each take part in a call that begins."""
        for part in self:
            part.join(hands)

    def handle(self, message: Inbox) -> None:
        """Show each what arrived."""
        for part in self:
            part.handle(message)

    def deadline(self) -> float | None:
        """Return when :meth:`handle_timer` is due, or None."""
        return earliest(part.deadline() for part in self)

    def handle_timer(self, now: float) -> None:
        """Let each act on what is due."""
        for part in self:
            part.handle_timer(now)

    def hear(self, source: FrameSource) -> FrameSource:
        """Return the other side's audio as it comes through all of them."""
        for part in self:
            source = part.hear(source)
        return source

    async def close(self) -> dict[str, str]:
        """Let go of everything; return their extras for the call's record. Never raises."""
        extra: dict[str, str] = {}
        for part in self:
            try:
                extra.update(await part.close())
            except Exception:
                log.exception("! a part of a call did not end well")
        return extra


def leg_parts(
    call_id: str,
    setup: CallSetup,
    invite: Invite,
    *,
    recordings_dir: Path,
    wall_clock: Callable[[], float],
    is_outgoing: bool,
    dial: Dial,
    approver: Approver,
    endpoint: Endpoint,
) -> LegParts:
    """Return the parts that the plan of a call asks for.

    Args:
        call_id: Ours.
        setup: The call's share of its plan.
        invite: Of its leg.
        recordings_dir: Where recordings go.
        wall_clock: Returns Unix seconds.
        is_outgoing: Whether we placed the call.
        dial: Calls whom the caller is to be transferred to.
        approver: Asked before tools run that need it.
        endpoint: Where the speech model is.
    """
    recording: Recording | None = None
    if setup.recording is not None:
        user, caller = invite.called_user, invite.caller_user
        named = RecordedCall(call_id, setup.plan, user, caller, wall_clock())
        name = recording_name(setup.recording.file_name, named)
        recording = Recording(recordings_dir / name, setup.recording)
    listening = Listening()
    transfer = LegTransfer(call_id, setup, dial, approver, endpoint)
    mcp = LegMcp(call_id, setup)
    return LegParts(
        delegation=call_delegation(call_id, setup, endpoint, approver),
        recording=recording,
        callee=Callee(setup.outgoing) if is_outgoing else None,
        hold=LegHold(HoldPolicy(setup.line.on_resume, setup.session.get("turn_detection"))),
        transfer=transfer,
        succession=LegSuccession(setup.transfer),
        keypad=Keypad(
            *(setup.keypad, setup.digits, recording, listening), lambda: transfer.is_bridged
        ),
        life=Life(setup.life),
        line=LineWatch(is_greeted=bool(setup.greeting) and not is_outgoing),
        speech=SpeechWatch(),
        listening=listening,
        approvals=LegApprovals(approver),
        mcp=mcp,
        fallback=LegFallback(transfer),
        judges=Judges(call_id, setup.script, endpoint),
        messages=LegMessages(
            lambda tell: MessageDesk(
                *(call_id, setup.plan, setup.message),
                caller=invite.caller_user,
                called=invite.called_user,
                tell=tell,
                wall_clock=wall_clock,
            )
        ),
        operator=Operator(mcp.setup, transfer),
    )
