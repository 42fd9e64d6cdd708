"""Transfers over a leg: the driver of ``Transfer`` and ``Attended``, between tool and legs.

What the tool asks goes through the call's inbox, so that it keeps its place among what else
happens. A call that ends, because of the transfer or of anything else, leaves the tool unanswered:
its session, which would have to be told, is over as well.

| resource      | acquired        | released                       | on failure              |
|---------------|-----------------|--------------------------------|-------------------------|
| ``Consult``   | ``CallTarget``  | ``EndConsult``, end of the leg | the caller is back      |
| music, silence| ``HoldCaller``  | ``ResumeCaller``               | ends with the call      |
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import assert_never

from sipagent.audio.frames import Pcm
from sipagent.deadlines import earliest
from sipagent.realtime.endpoint import Endpoint
from sipagent.sip import events as sip_events

from . import transfer_commands as commands
from .agent_voice import agent_voice
from .attended import TAKEN_LIMIT_S, Attended
from .briefing import Briefing
from .caller_audio import FrameSource
from .consult import Consult, Dial
from .delegation_approvals import Approver
from .diversion import Diversion, DivertedAudio, hushed
from .events import (
    AgentFellSilent,
    HangUpRequested,
    TimerFired,
    TransferEvent,
    TransferProgressed,
    TransferRequested,
)
from .hold_music import HoldMusic
from .inbox import Inbox
from .leg_bridge import LegBridge
from .line_guard import end_when_dead
from .part import CallPart
from .prompts import spoken_prompt
from .setup import CallSetup, Prompt
from .termination import Reason
from .transfer import Transfer
from .transfer_outcome import Outcome
from .transfer_setup import TransferTarget
from .transfer_telling import TransferTelling
from .transfer_wish import ALREADY, TransferApproval, TransferWish, unknown_target


class LegTransfer(CallPart):
    """Carry out what the agent of one call wants of its leg.

    Args:
        call_id: Ours.
        setup: The call's share of its plan.
        dial: Calls targets that are asked first.
        approver: Asked where the plan wants it.
        endpoint: Where the agent's voice is.
    """

    def __init__(
        self, call_id: str, setup: CallSetup, dial: Dial, approver: Approver, endpoint: Endpoint
    ) -> None:
        super().__init__()
        self._setup, self._dial, self._endpoint = setup.transfer, dial, endpoint
        limit_s = setup.policy.last_words_limit_s
        uris = {name: target.uri for name, target in self._setup.targets.items()}
        self._blind = Transfer(uris, last_words_limit_s=limit_s)
        self._attended = Attended(self._setup.targets, last_words_limit_s=limit_s)
        self._approval = TransferApproval(call_id, setup.plan, self._setup, approver)
        self._music = HoldMusic(setup.prompts.music)
        self._consult: Consult | None = None
        self._audio: DivertedAudio | None = None
        self._answer: asyncio.Future[str] | None = None
        self._telling = TransferTelling()

    @property
    def is_under_way(self) -> bool:
        """Tell whether the outcome of a transfer is awaited."""
        return self._blind.is_under_way or self._attended.is_under_way

    @property
    def is_bridged(self) -> bool:
        """Tell whether caller and target talk through us, and the agent is gone."""
        return self._attended.is_bridged

    @property
    def is_wanted(self) -> bool:
        """Tell whether a transfer is under way, or a person is asked to allow it."""
        return self._answer is not None or self.is_under_way

    @property
    def targets(self) -> Mapping[str, TransferTarget]:
        """Where the plan transfers callers."""
        return self._setup.targets

    def order(self, target: str, uri: str = "", briefing: str = "") -> None:
        """Transfer the caller, because a person wants it; nothing of the kind may be wanted yet.

        Args:
            target: A name of the plan's, or of whoever is at ``uri``.
            uri: Of somebody whom the plan does not know.
            briefing: What a target that is asked first is told.
        """
        self._wished(target)
        self.hands.post(TransferRequested(target, briefing, uri))

    async def ask(self, wish: TransferWish) -> str:
        """Transfer the caller; return what the agent is told.

        Cancelling it withdraws the question to whoever must allow it, and changes nothing later.
        """
        if self.is_wanted:
            return ALREADY
        if wish.target not in self._setup.targets:
            return unknown_target(self._setup)
        self._answer = asyncio.get_running_loop().create_future()
        self._wished(wish.target)
        try:
            if why := await self._objection(wish):
                self._tell_ended(Outcome.NOT_APPROVED)
                return why
            self.hands.post(TransferRequested(wish.target, wish.briefing))
            return await self._answer
        finally:
            self._answer = None

    def handle(self, message: Inbox) -> None:
        """Act on what arrived, if it is about transfers."""
        match message:
            case sip_events.Disconnected() if not self._attended.is_referred:
                self._end_consult()
            case sip_events.ReferProgressed(status=status, is_final=is_final):
                self._advance(TransferProgressed(status, is_final))
            case sip_events.ItemPlayed(item_id=item_id):
                self._music.played(item_id)
            case sip_events.DtmfReceived(digit=digit) if self._attended.is_bridged:
                if self._consult is not None and self._consult.leg is not None:
                    self._consult.leg.send_dtmf(digit)
            case TransferRequested() if not self.hands.is_talking():
                text = "The transfer failed: the call is ending."
                self._carry_out(commands.AnswerTransfer(text, Outcome.ABANDONED))
            case TransferRequested():
                self._advance(message)
                if self.hands.conversation.is_silent:
                    self._advance(AgentFellSilent())
            case _ if isinstance(message, TransferEvent):
                self._advance(message)
            case _:
                pass

    def hear(self, source: FrameSource) -> FrameSource:
        """Stand between the caller and the agent, to let the caller wait."""
        self._audio = DivertedAudio(source)
        return self._audio

    def deadline(self) -> float | None:
        """Return when :meth:`handle_timer` is due, or None."""
        if not self.hands.is_talking():
            return None
        return earliest((self._blind.deadline(), self._attended.deadline()))

    def handle_timer(self, now: float) -> None:
        """Act on :meth:`deadline`."""
        self._advance(TimerFired())

    async def close(self) -> Mapping[str, str]:
        """End what is left; a telephone that was referred may hang up before it obeys."""
        is_taken = self._attended.is_taken
        if self._attended.is_referred and not is_taken and self._consult is not None:
            is_taken = await self._consult.is_taken_over(TAKEN_LIMIT_S)
        if is_taken:
            self._tell_ended(Outcome.COMPLETED)
        self._end_consult()
        self._tell_ended(Outcome.ABANDONED)
        return {}

    async def _objection(self, wish: TransferWish) -> str:
        try:
            return await self._approval.objection(wish)
        except asyncio.CancelledError:
            self._tell_ended(Outcome.ABANDONED)
            raise

    def _advance(self, event: TransferEvent) -> None:
        if not self.hands.is_talking():  # a call that ends transfers nobody
            return
        for machine in self._concerned(event):
            for command in machine.handle(event, now=self.hands.now()):
                self._carry_out(command)

    def _concerned(self, event: TransferEvent) -> Sequence[Transfer | Attended]:
        """Return who is told: a wish is for one of the two."""
        match event:
            case TransferRequested(target=target):
                is_attended = self._is_attended(target)
                return (self._attended,) if is_attended else (self._blind,)
            case _:
                return self._blind, self._attended

    def _carry_out(self, command: commands.TransferCommand | commands.AttendedCommand) -> None:
        match command:
            case commands.SendRefer(target_uri):
                self._tell_began()
                self.hands.leg.refer(target_uri)
            case commands.AnswerTransfer(text, outcome, status):
                self._tell_ended(outcome, status)
                if self._answer is None:  # a person wanted it
                    self.hands.conversation.commands.note(text)
                elif not self._answer.done():
                    self._answer.set_result(text)
            case commands.EndTransferred(target):
                self._tell_ended(Outcome.COMPLETED, 200)
                self.hands.post(HangUpRequested(Reason.TRANSFERRED, f"to {target}"))
            case commands.HoldCaller() | commands.ResumeCaller():
                self._hold(is_on=isinstance(command, commands.HoldCaller))
            case commands.CallTarget(target, briefing):
                self._tell_began()
                self._call_target(self._setup.targets[target], briefing)
            case commands.EndConsult():
                self._end_consult()
            case commands.BriefTarget() | commands.SendReplaces() | commands.JoinLegs():
                self._use_consult(command)
            case _:
                assert_never(command)

    def _call_target(self, target: TransferTarget, briefing: str) -> None:
        words = " ".join(part for part in (target.announce, briefing) if part)
        briefed = Briefing(words, speak=self._speak, say=self._say)
        self._consult = Consult(self.hands, target, dial=self._dial, briefing=briefed)
        self._consult.call()

    def _use_consult(
        self, command: commands.BriefTarget | commands.SendReplaces | commands.JoinLegs
    ) -> None:
        assert self._consult is not None and self._consult.leg is not None
        match command:
            case commands.BriefTarget():
                self._consult.brief()
            case commands.SendReplaces():
                self.hands.leg.refer_to_peer_of(self._consult.leg)
            case commands.JoinLegs():
                self._join_legs()

    def _hold(self, *, is_on: bool) -> None:
        self.hands.conversation.hold(is_on=is_on)
        self._divert(hushed if is_on else None)
        if is_on and self.hands.leg.media is not None:
            self._music.start(self.hands.leg.media)
        else:
            self._music.stop()

    def _divert(self, diversion: Diversion | None) -> None:
        if self._audio is not None:
            self._audio.diversion = diversion

    def _join_legs(self) -> None:
        assert self._consult is not None and self._consult.leg is not None
        hands, leg = self.hands, self._consult.leg
        caller, target = hands.leg.media, leg.media
        assert caller is not None and target is not None
        bridge = LegBridge(caller, target)
        self.hands.conversation.hold(is_on=True)
        self._divert(bridge.take)
        hands.run(bridge.run_caller, "caller to target")
        hands.run(bridge.run_target, "target to caller")
        limit_s = hands.setup.life.rtp_timeout_s
        hands.run(lambda: end_when_dead(leg, limit_s, hands.call_id), "target's line")
        self._tell_ended(Outcome.BRIDGED, 200)
        self.hands.dismiss()

    def _end_consult(self) -> None:
        if self._consult is not None:
            self._consult.end()

    def _speak(self, words: str) -> AsyncIterator[Pcm]:
        return agent_voice(self.hands.setup, self._endpoint, words, self.hands.tell)

    async def _say(self, words: str) -> Prompt | None:
        return await spoken_prompt(words, str(self.hands.setup.session.get("voice") or ""))

    def _is_attended(self, target: str) -> bool:
        known = self._setup.targets.get(target)
        return known is not None and known.is_attended

    def _wished(self, target: str) -> None:
        self._consult = None
        self._telling.wished(target, is_attended=self._is_attended(target))

    def _tell_began(self) -> None:
        self._telling.began(now=self.hands.now(), tell=self.hands.tell)

    def _tell_ended(self, outcome: Outcome, status: int = 0) -> None:
        voice = "" if self._consult is None else self._consult.voice
        self._telling.ended(outcome, status, voice, now=self.hands.now(), tell=self.hands.tell)
