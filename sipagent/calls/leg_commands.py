"""Commands of a call's controller that are for its leg alone."""

from __future__ import annotations

from sipagent.sip.call import SipCall

from . import commands


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
