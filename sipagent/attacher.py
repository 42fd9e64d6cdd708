"""The process of attached calls, wired together: desk, plans, journal, observers, channel.

Calls that the provider's connector answered pass no audio through us, so one process holds
hundreds of them, and loads no telephony. Run by the supervisor's fork server through
:func:`run_attacher`; ends when told to, or when the supervisor is gone. Its calls live on at the
provider then, and in the journal, from which the next one takes them up again.
"""

from __future__ import annotations

import asyncio
import logging
from multiprocessing.connection import Connection

from sipagent.agents.http_client import HTTP
from sipagent.agents.http_posts import POSTS
from sipagent.calls.attached_desk import AttachedDesk
from sipagent.calls.termination import Reason
from sipagent.config import Config
from sipagent.dialplan.versions import PlanSource
from sipagent.errors import JournalError, SipAgentError
from sipagent.ops.api_questions import ChannelApprover
from sipagent.ops.attach_store import AttachStore
from sipagent.ops.channel import (
    ApprovalDecided,
    Channel,
    Closed,
    Drain,
    Failed,
    FlightAsked,
    Heartbeat,
    Look,
    Message,
    OperatorAsked,
    Ready,
    SetLogLevels,
    Stop,
    Undrain,
)
from sipagent.ops.clock import unix_time
from sipagent.ops.flight.recorder import NoMessages
from sipagent.ops.log_levels import LogLevels
from sipagent.ops.logs import set_up_logging
from sipagent.ops.loop_lag import sleep_measured
from sipagent.ops.metrics import count_delivery
from sipagent.ops.operator_desk import OperatorDesk
from sipagent.ops.plan_messages import LoadPlans, UsePlans
from sipagent.ops.store.begun_calls import BegunCalls
from sipagent.plan_service import PlanService
from sipagent.realtime.sip_calls import SipCalls
from sipagent.witnesses import Witnesses

log = logging.getLogger(__name__)

HEARTBEAT_S = 0.5
STOP_LIMIT_S = 3.0
"""How long hanging up, or letting go, may take when told to end now."""

LOOK_AGAIN_S = 5.0
"""How often the journal is read without being told to: what could not be read is tried again."""

KEEP_S = 7 * 24 * 3_600.0
"""How long the journal remembers a webhook: longer than a provider tries again."""


def run_attacher(
    config: Config, realtime_url: str, plans: PlanSource, connection: Connection
) -> None:
    """Run the process until it ends.

    Args:
        config: Of the appliance.
        realtime_url: WebSocket URL of the endpoint that has the calls.
        plans: To begin with.
        connection: To the supervisor.
    """
    set_up_logging(config.log.level, config.log.format)
    asyncio.run(_Attacher(config, realtime_url, plans).run(connection))


class _Attacher:
    def __init__(self, config: Config, realtime_url: str, plans: PlanSource) -> None:
        self._config, self._first_plans = config, plans
        self._plans: PlanService | None = None
        self._endpoint = config.realtime.endpoint(realtime_url)
        self._sip_calls = SipCalls(self._endpoint)
        begun = BegunCalls(config.store.spool)
        self._journal = AttachStore(config.store.url, begun)
        self._witnesses = Witnesses(config, begun.beginning_of)
        self._desk: AttachedDesk | None = None
        self._approver: ChannelApprover | None = None
        self._operators: OperatorDesk | None = None
        self._told = asyncio.Event()
        self._ended = asyncio.Event()
        self._is_draining = self._is_to_end = self._must_hang_up = False
        self._levels = LogLevels()

    async def run(self, connection: Connection) -> None:
        """Run to the end."""
        channel = Channel(connection, self._command)
        self._witnesses.start()
        try:
            await self._start(channel)
        except SipAgentError as error:
            channel.send(Failed(str(error)))
        else:
            await self._work(channel)
        finally:
            if self._plans is not None:
                await self._plans.close()
            await POSTS.close()
            await HTTP.close()
            await self._sip_calls.close()
            await self._journal.close()
            await self._witnesses.close()
            channel.close()

    async def _start(self, channel: Channel) -> None:
        POSTS.on_settled = count_delivery
        config = self._config
        self._plans = PlanService(config, channel.send)
        await self._plans.start(self._first_plans)
        plans = self._plans.plans
        await self._journal.open()
        await self._journal.forget(unix_time() - KEEP_S)
        self._approver = ChannelApprover(channel.send, unix_time)
        self._desk = AttachedDesk(
            route=plans.take,
            named=plans.named,
            endpoint=self._endpoint,
            sip_calls=self._sip_calls,
            journal=self._journal,
            observer=self._witnesses.observer(channel, plans, NoMessages(), lambda: ""),
            most_calls=config.attach.max_calls,
            wall_clock=unix_time,
            approver=self._approver,
            emergency_numbers=config.sip.emergency_numbers,
        )
        desk = self._desk
        self._operators = OperatorDesk(channel.send, lambda: desk.calls)
        channel.send(Ready(0, config.attach.max_calls, plans.routes.plans, plans.routes.version))

    async def _work(self, channel: Channel) -> None:
        assert self._desk is not None
        loop = asyncio.get_running_loop()
        tasks = [
            loop.create_task(self._beat(channel), name="heartbeat"),
            loop.create_task(self._look(self._desk), name="journal"),
        ]
        await self._ended.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._must_hang_up:
            self._desk.hang_up_all(Reason.SHUTDOWN)
        else:
            self._desk.detach_all()
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await self._desk.until_empty()
        except TimeoutError:
            log.warning("! attached calls did not end in %g s", STOP_LIMIT_S)

    async def _look(self, desk: AttachedDesk) -> None:
        """Take up what was alive, then take what comes."""
        must_resume = True
        while True:
            self._told.clear()
            try:
                if must_resume:
                    await desk.resume()
                    must_resume = False
                await desk.look()
            except JournalError as error:
                log.error("! %s", error)
            try:
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await self._told.wait()
            except TimeoutError:
                pass

    async def _beat(self, channel: Channel) -> None:
        assert self._desk is not None
        most = self._config.attach.max_calls
        while True:
            channel.send(Heartbeat(len(self._desk.calls), most, self._is_draining))
            await sleep_measured(HEARTBEAT_S)
            self._end_if_idle(self._desk)

    def _end_if_idle(self, desk: AttachedDesk) -> None:
        if self._is_to_end and not desk.calls:
            self._ended.set()

    def _command(self, message: Message) -> None:
        match message:
            case ApprovalDecided() if self._approver is not None:
                self._approver.decided(message)
            case OperatorAsked() if self._operators is not None:
                self._operators.asked(message)
            case LoadPlans() | UsePlans() if self._plans is not None:
                self._plans.told(message)
            case Look():
                self._told.set()
            case Undrain() if self._desk is not None and not self._is_to_end:
                self._is_draining = False
                self._desk.undrain()
            case SetLogLevels(levels):
                self._levels.use(levels)
            case Drain(then_ends=then_ends):
                self._is_to_end = self._is_to_end or then_ends
                self._is_draining = True
                if self._desk is not None:
                    self._desk.drain()
                    self._end_if_idle(self._desk)
                else:  # not started yet
                    self._ended.set()
            case FlightAsked():
                self._witnesses.flight_asked(message)
            case Stop():
                self._must_hang_up = self._config.attach.on_stop == "hang_up"
                self._ended.set()
            case Closed():  # nobody meant it to end: its calls go on
                self._ended.set()
            case _:
                pass
