"""What the agent says, whoever plays it: somebody here, or the endpoint.

``streamed_speech`` and ``attached_speech`` decide the same of each. This chooses, and knows what
the connection before leaves behind. Pure.
"""

from __future__ import annotations

from typing import TypeAlias

from .attached_speech import AttachedSpeech
from .history import History
from .history_items import AssistantMessage
from .options import SessionOptions
from .outbox import Outbox
from .playback import AttachedPlayback, Playback
from .streamed_speech import StreamedSpeech

Speech: TypeAlias = StreamedSpeech | AttachedSpeech


def speech_of(
    out: Outbox,
    options: SessionOptions,
    playback: Playback,
    history: History,
    before: Speech | None,
) -> Speech:
    """Return that of a connection.

    Args:
        out: Where it is said.
        options: Of the session.
        playback: Knows what was heard.
        history: Of a call that is attached to, what was said in it.
        before: Of the connection before; None: there was none.
    """
    if not isinstance(playback, AttachedPlayback):
        streamed = before if isinstance(before, StreamedSpeech) else None
        audio_format, barge_in = options.output_audio_format, options.barge_in
        return StreamedSpeech(out, playback, audio_format, barge_in=barge_in, before=streamed)
    was_heard = any(isinstance(item, AssistantMessage) for item in history.items)
    if before is None:
        return AttachedSpeech(out, playback, has_spoken=was_heard)
    has_spoken = was_heard or before.has_spoken
    return AttachedSpeech(out, playback, has_spoken=has_spoken, response_id=before.response_id)
