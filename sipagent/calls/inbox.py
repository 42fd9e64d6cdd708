"""What arrives at a call over a leg, in order: wishes, signalling, media facts, session events."""

from __future__ import annotations

from typing import TypeAlias

from sipagent.realtime.events import SessionEvent
from sipagent.sip.events import MediaFact, SipEvent

from .events import CallEvent

Inbox: TypeAlias = CallEvent | SipEvent | MediaFact | SessionEvent
