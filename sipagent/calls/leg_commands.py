"""Commands of a call's controller that are for its leg alone, and its end without one."""

from __future__ import annotations

from sipagent.sip.call import SipCall

from . import commands
from .controller import TEMPORARY_FAILURE
from .leg_answer import LegAnswer


def carry_out(leg: SipCall, command: commands.LegCommand) -> None:
    """Have the leg do it; what comes of it the leg tells."""
    match command:
        case commands.Ring():
            leg.progress(180)
        case commands.Progress():
            leg.progress(183)
        case commands.Answer():
            leg.answer()
        case commands.Refuse(status, phrase):
            leg.reject(status, phrase)
        case commands.HangUp(cause, text):
            leg.hang_up(f'Q.850;cause={cause};text="{text}"')


def release(leg: SipCall, answer: LegAnswer) -> int:
    """End a leg after a fault of ours; return the final status of its INVITE."""
    is_answered = answer.answered_at is not None
    if is_answered or answer.is_outgoing:
        leg.hang_up(f'Q.850;cause={TEMPORARY_FAILURE};text="internal error"')
    else:
        leg.reject(500)
    return 200 if is_answered else 500
