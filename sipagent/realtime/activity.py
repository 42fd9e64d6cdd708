"""What goes on in a session, as far as a change of its connection would be noticed.

    a response is made, asked for or waits for its turn   it would be lost
    something is heard of the agent                       it would be cut off
    the caller speaks                                     the words would be lost
    a tool runs                                           it would be cancelled on its way

A call that waits for somebody's word goes on for as long as that takes, and keeps no session. Pure.
"""

from __future__ import annotations

from .core import SessionCore
from .playback import Playback
from .rotation import ActivityChanged


def activity(
    core: SessionCore | None, playback: Playback, *, is_caller_speaking: bool, now: float
) -> ActivityChanged:
    """Return what goes on.

    Args:
        core: Of the connection in use; None: there is none.
        playback: Knows what is heard.
        is_caller_speaking: As the endpoint says.
        now: Monotonic seconds.
    """
    is_making = core is not None and core.out.sequencer.is_busy
    is_playing = playback.is_playing(now)
    is_working = core is not None and core.tools.is_working
    return ActivityChanged(is_making, is_playing, is_caller_speaking, is_working)
