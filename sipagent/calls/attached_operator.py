"""What operators want of an attached call, as far as the provider lets it: see ``operating``.

The audio does not pass here, so nobody is muted, and nothing is said but by the agent.
"""

from __future__ import annotations

from collections.abc import Callable

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

from . import facts
from .acting import refused_or_begun
from .attached_conversation import AttachedConversation
from .attached_transfer import AttachedTransfer
from .operating import BEING_TRANSFERRED, TAKES_OVER, WHISPERED, Sight
from .setup import CallSetup
from .termination import Reason


class AttachedOperator:
    """Do what operators want of one attached call.

    Args:
        call_id: Ours.
        setup: The call's share of its plan.
        conversation: Of the call.
        transfer: Of the call.
        hang_up: Asks for the end of the call; takes why, by whom, and whether last words are heard.
        tell: Where facts go.
    """

    def __init__(
        self,
        call_id: str,
        setup: CallSetup,
        conversation: AttachedConversation,
        transfer: AttachedTransfer,
        hang_up: Callable[[Reason, str, bool], None],
        tell: Callable[[facts.Fact], None],
    ) -> None:
        self._call_id, self._agents = call_id, setup.personas
        self._conversation, self._transfer = conversation, transfer
        self._hang_up, self._tell = hang_up, tell

    def do(self, act: OperatorAct, by: str, *, is_talking: bool) -> ActAnswer:
        """Do it, or say why not."""
        sight = Sight(
            is_talking=is_talking,
            agent=self._conversation.agent,
            agents=self._agents,
            targets=self._transfer.targets,
            has_session=self._conversation.has_session,
            is_transferring=self._transfer.is_wanted,
            is_attached=True,
        )
        refused = refused_or_begun(self._call_id, act, by, sight, self._tell)
        if refused is None:
            self._carry_out(act, by)
        return refused or DONE

    def _carry_out(self, act: OperatorAct, by: str) -> None:
        commands = self._conversation.commands
        match act:
            case HangUp(at_once=at_once):
                self._hang_up(Reason.OPERATOR_HUNG_UP, f"by {by}", not at_once)
            case TransferTo(target, uri):
                commands.note(BEING_TRANSFERRED.format(target=target))
                self._transfer.order(target, uri, commands.note)
            case Say(text):
                commands.respond(f"Say exactly: {text}")
            case Whisper(text):
                commands.note(WHISPERED.format(text=text))
            case HandOver(agent):
                commands.hand_over(self._agents[agent])
                commands.respond(TAKES_OVER)
            case Flag():
                pass  # the fact is all that is wanted
            case Mute():
                raise AssertionError("the provider has the audio")
