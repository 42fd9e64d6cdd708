"""The operator's hand in a call over a leg: the driver of ``operating`` and ``muting``.

Whatever is done is told as a fact, and so is in record and transcript. What is wanted comes through
the call's inbox, in order with all that happens, and is answered at once: what becomes of it later,
such as of a transfer, is told by facts of its own.

| resource     | acquired  | released | on failure                                       |
|--------------|-----------|----------|--------------------------------------------------|
| caller audio | ``hear``  | its end  | frames go on as they came                        |
| local voice  | ``Say``   | played   | the words are not said; logged                   |
"""

from __future__ import annotations

from sipagent.operator_acts import (
    DONE,
    ActAnswer,
    Flag,
    HandOver,
    HangUp,
    Mute,
    OperatorAct,
    Say,
    TransferTo,
    Whisper,
)
from sipagent.realtime import events as session_events
from sipagent.realtime.connection_events import Reconnected
from sipagent.sip.events import Held, Resumed

from .acting import refused_or_begun
from .caller_audio import FrameSource
from .events import HangUpRequested, OperatorWished
from .inbox import Inbox
from .leg_transfer import LegTransfer
from .muting import Muting
from .operating import BEING_TRANSFERRED, TAKES_OVER, WHISPERED, Sight
from .part import CallPart
from .prompt_sound import play_prompt
from .prompts import spoken_prompt
from .screened import Screened
from .setup import CallSetup
from .termination import Reason

OPERATOR_ITEM = "operator"
"""What an operator says where no agent can."""


class Operator(CallPart):
    """Do what operators want of a call.

    Args:
        setup: The call's share of its plan.
        transfer: Of the call.
    """

    def __init__(self, setup: CallSetup, transfer: LegTransfer) -> None:
        super().__init__()
        self._transfer = transfer
        self._agents = setup.personas
        self._muting = Muting(setup.session.get("turn_detection"))

    def hear(self, source: FrameSource) -> FrameSource:
        """Stand between the caller and the agent."""
        return Screened(source, lambda: self._muting.hears)

    def handle(self, message: Inbox) -> None:
        """Act on what arrived."""
        muting, agent = self._muting, self.hands.conversation.commands
        match message:
            case OperatorWished():
                answer = self._do(message.act, message.by)
                if not message.answer.done():
                    message.answer.set_result(answer)
            case session_events.SpeechStarted() | session_events.SpeechStopped():
                muting.turn(is_open=isinstance(message, session_events.SpeechStarted))
            case session_events.ResponseStarted() if muting.is_agent_muted:
                self.hands.conversation.hush()
            case Held() | Resumed():
                if (detection := muting.held(is_held=isinstance(message, Held))) is not None:
                    agent.detect_turns(detection)
            case Reconnected():
                if (detection := muting.session_replaced()) is not None:
                    agent.detect_turns(detection)
            case _:
                pass

    def _do(self, act: OperatorAct, by: str) -> ActAnswer:
        hands = self.hands
        refused = refused_or_begun(hands.call_id, act, by, self._sight(), hands.tell)
        if refused is None:
            self._carry_out(act, by)
        return refused or DONE

    def _sight(self) -> Sight:
        conversation = self.hands.conversation
        return Sight(
            is_talking=self.hands.is_talking(),
            agent=conversation.agent,
            agents=self._agents,
            targets=self._transfer.targets,
            has_session=conversation.has_session,
            is_bridged=self._transfer.is_bridged,
            is_transferring=self._transfer.is_wanted,
            is_agent_muted=self._muting.is_agent_muted,
        )

    def _carry_out(self, act: OperatorAct, by: str) -> None:
        conversation = self.hands.conversation
        match act:
            case HangUp(at_once=at_once):
                reason, who = Reason.OPERATOR_HUNG_UP, f"by {by}"
                self.hands.post(HangUpRequested(reason, who, lets_finish=not at_once))
            case TransferTo(target, uri, briefing):
                conversation.commands.note(BEING_TRANSFERRED.format(target=target))
                self._transfer.order(target, uri, briefing)
            case Say(text) if conversation.has_session:
                conversation.say(f"Say exactly: {text}")
            case Say(text):
                self.hands.run(lambda: self._say(text), "operator's words")
            case Whisper(text):
                conversation.commands.note(WHISPERED.format(text=text))
            case Mute():
                self._mute(act)
            case Flag():
                pass  # the fact is all that is wanted
            case HandOver(agent):
                conversation.commands.hand_over(self._agents[agent])
                conversation.say(TAKES_OVER)

    def _mute(self, act: Mute) -> None:
        detection = self._muting.act(act)
        self.hands.conversation.is_muted = self._muting.is_muted
        if detection is not None:
            self.hands.conversation.commands.detect_turns(detection)
        if self._muting.is_agent_muted:
            self.hands.conversation.hush()

    async def _say(self, text: str) -> None:
        prompt = await spoken_prompt(text, str(self.hands.setup.session.get("voice") or ""))
        media = self.hands.leg.media
        if prompt is not None and media is not None:
            play_prompt(media, OPERATOR_ITEM, prompt)
