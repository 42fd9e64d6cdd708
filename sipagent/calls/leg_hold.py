"""Hold over a leg: the driver of a ``CallerHold``, between the leg and the agent.

| resource     | acquired  | released | on failure                       |
|--------------|-----------|----------|----------------------------------|
| caller audio | ``hear``  | its end  | frames go on as they came        |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sipagent.realtime.connection_events import Reconnected
from sipagent.realtime.events import SpeechStarted, SpeechStopped
from sipagent.sip.events import Held, Resumed

from .caller_audio import FrameSource
from .hold import (
    CallerHold,
    DetectTurns,
    HaveAgentSpeak,
    HoldCommand,
    HoldPolicy,
    NoteForAgent,
    TellHoldFact,
)
from .inbox import Inbox
from .part import CallPart
from .screened import Screened


class LegHold(CallPart):
    """Let no hold music reach the agent, and tell it who is there.

    Args:
        policy: Of the plan.
    """

    def __init__(self, policy: HoldPolicy) -> None:
        super().__init__()
        self._hold = CallerHold(policy)

    def hear(self, source: FrameSource) -> FrameSource:
        """Stand between the caller and the agent."""
        self._carry_out(self._hold.began_talking())
        return Screened(source, lambda: self._hold.hears)

    def handle(self, message: Inbox) -> None:
        """Act on what arrived."""
        now = self.hands.now()
        match message:
            case Held():
                self._carry_out(self._hold.held(now=now))
            case Resumed():
                agent = self.hands.conversation
                is_silent = agent.is_silent and not agent.is_on_hold  # else music is heard
                self._carry_out(self._hold.resumed(is_silent=is_silent, now=now))
            case SpeechStarted():
                self._hold.turn(is_open=True)
            case SpeechStopped():
                self._hold.turn(is_open=False)
            case Reconnected():
                self._carry_out(self._hold.session_replaced())
            case _:
                pass

    async def close(self) -> Mapping[str, str]:
        """Tell how long a call was held that ends so."""
        self._carry_out(self._hold.ended(now=self.hands.now()))
        return {}

    def _carry_out(self, commands: Sequence[HoldCommand]) -> None:
        agent = self.hands.conversation.commands
        for command in commands:
            match command:
                case DetectTurns(turn_detection):
                    agent.detect_turns(turn_detection)
                case NoteForAgent(text):
                    agent.note(text)
                case HaveAgentSpeak(instructions):
                    agent.respond(instructions)
                case TellHoldFact(fact):
                    self.hands.tell(fact)
