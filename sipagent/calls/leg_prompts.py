"""What is played over a leg outside the conversation: announcement, early media, apology."""

from __future__ import annotations

from sipagent.sip.call import SipCall

from . import commands, events
from .hold_music import MUSIC_ITEM
from .leg_bridge import BRIDGE_ITEM
from .operator import OPERATOR_ITEM
from .prompt_sound import play_prompt
from .setup import Prompt, Prompts

_APOLOGY, _ANNOUNCEMENT, _EARLY = "apology", "announcement", "early media"

PROMPTS: dict[str, events.CallEvent] = {
    _APOLOGY: events.ApologyPlayed(),
    _ANNOUNCEMENT: events.AnnouncementPlayed(),
    _EARLY: events.EarlyMediaPlayed(),
}
"""Their items, and what it means that one was played."""

NOT_SAID = frozenset({*PROMPTS, MUSIC_ITEM, BRIDGE_ITEM, OPERATOR_ITEM})
"""Items that no agent said."""


def play(leg: SipCall, prompts: Prompts, command: commands.PromptCommand) -> None:
    """Play one of ``prompts``, or no more of it."""
    match command:
        case commands.PlayAnnouncement():
            _push(leg, _ANNOUNCEMENT, prompts.announcement)
        case commands.PlayEarlyMedia():
            _push(leg, _EARLY, prompts.early)
        case commands.PlayApology():
            _push(leg, _APOLOGY, prompts.apology)
        case commands.StopEarlyMedia():
            if leg.media is not None:
                leg.media.flush()


def _push(leg: SipCall, item_id: str, prompt: Prompt | None) -> None:
    media = leg.media
    assert media is not None and prompt is not None
    play_prompt(media, item_id, prompt)
