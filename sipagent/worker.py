"""One worker process, wired together: SIP endpoint, desk, plans, observers, channel.

Run by the supervisor's fork server through :func:`run_worker`; ends when told to, when its last
call is over after a drain, or when the supervisor is gone.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from functools import partial
from multiprocessing.connection import Connection

from sipagent.agents.http_client import HTTP
from sipagent.agents.http_posts import POSTS
from sipagent.calls.desk import CallDesk
from sipagent.calls.dial_desk import DialAnswer, DialDesk, DialRequest
from sipagent.calls.termination import Reason
from sipagent.config import Config
from sipagent.dialplan.versions import PlanSource
from sipagent.errors import SipAgentError
from sipagent.leftovers import Leftovers
from sipagent.ops.api_questions import ChannelApprover
from sipagent.ops.channel import (
    ApprovalDecided,
    Channel,
    Closed,
    DialAnswered,
    DialAsked,
    Drain,
    Failed,
    FlightAsked,
    Heartbeat,
    Message,
    OperatorAsked,
    Ready,
    SetLogLevels,
    Stop,
    TrunkChanged,
    Undrain,
)
from sipagent.ops.clock import unix_time
from sipagent.ops.listen_desk import ListenDesk
from sipagent.ops.listen_messages import ListenAsked, ListenEnded
from sipagent.ops.log_levels import LogLevels
from sipagent.ops.logs import set_up_logging
from sipagent.ops.loop_lag import sleep_measured
from sipagent.ops.metrics import count_delivery
from sipagent.ops.operator_desk import OperatorDesk
from sipagent.ops.plan_messages import LoadPlans, UsePlans
from sipagent.ops.refusals import RefusalCounter
from sipagent.ops.trunk_metrics import count_trunk
from sipagent.plan_service import PlanService
from sipagent.sip.call import SipCall
from sipagent.sip.endpoint import SipEndpoint
from sipagent.sip.messages import SipMessages
from sipagent.sip.registration import TrunkState
from sipagent.witnesses import Witnesses

log = logging.getLogger(__name__)

HEARTBEAT_S = 0.5
THREAD_TURN_S = 0.0005
"""How long a thread that computes, such as one that loads plans, keeps the clock of the audio
waiting for the interpreter. That asks for it eight times in 20 ms, with four calls."""
STOP_LIMIT_S = 3.0
"""How long hanging up may take when told to end now."""


def run_worker(
    config: Config, realtime_url: str, plans: PlanSource, connection: Connection
) -> None:
    """Run a worker until it ends.

    Args:
        config: Of the appliance.
        realtime_url: WebSocket URL of the endpoint, embedded or not.
        plans: To begin with.
        connection: To the supervisor.
    """
    set_up_logging(config.log.level, config.log.format)
    sys.setswitchinterval(THREAD_TURN_S)
    asyncio.run(_Worker(config, realtime_url, plans).run(connection))


def _tell_of_trunk(channel: Channel, state: TrunkState) -> None:
    count_trunk(state)
    channel.send(TrunkChanged(state, unix_time()))


class _Worker:
    def __init__(self, config: Config, realtime_url: str, plans: PlanSource) -> None:
        self._config, self._first_plans = config, plans
        self._realtime = config.realtime.endpoint(realtime_url)
        self._witnesses = Witnesses(config)
        self._ended = asyncio.Event()
        self._is_to_end = False
        """Whether it ends when its last call is over."""
        self._levels = LogLevels()
        self._sip: SipEndpoint | None = None
        self._desk: CallDesk | None = None
        self._dials: DialDesk | None = None
        self._approver: ChannelApprover | None = None
        self._operators: OperatorDesk | None = None
        self._listeners: ListenDesk | None = None
        self._channel: Channel | None = None
        self._plans: PlanService | None = None

    async def run(self, connection: Connection) -> None:
        """Run to the end."""
        channel = self._channel = Channel(connection, self._command)
        self._witnesses.start()
        try:
            await self._start(channel)
        except SipAgentError as error:
            channel.send(Failed(str(error)))
        else:
            await self._work(channel)
        finally:
            await self._witnesses.close()
            channel.close()

    async def _work(self, channel: Channel) -> None:
        assert self._desk is not None and self._sip is not None
        heart = asyncio.get_running_loop().create_task(self._beat(channel), name="heartbeat")
        leftovers = Leftovers(self._sip)
        await leftovers.begin()
        await self._ended.wait()
        if self._dials is not None:
            await self._dials.close()
        self._desk.hang_up_all(Reason.SHUTDOWN)
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await self._desk.until_empty()
            await leftovers.report()
        except TimeoutError:
            log.warning("! calls did not end in %g s", STOP_LIMIT_S)
        heart.cancel()
        assert self._plans is not None
        await self._plans.close()
        await POSTS.close()
        await HTTP.close()
        await self._sip.close()

    async def _start(self, channel: Channel) -> None:
        POSTS.on_settled = count_delivery
        config = self._config
        self._plans = PlanService(config, channel.send)
        await self._plans.start(self._first_plans)
        plans = self._plans.plans
        messages = SipMessages()
        self._approver = ChannelApprover(channel.send, unix_time)
        self._desk = CallDesk(
            route=plans.take,
            endpoint=self._realtime,
            observer=self._witnesses.observer(channel, plans, messages, self._local),
            recordings_dir=config.recordings.path,
            wall_clock=unix_time,
            approver=self._approver,
            dial=self._dial,
            emergency_numbers=config.sip.emergency_numbers,
        )
        refusals, now = RefusalCounter(), asyncio.get_running_loop().time
        self._sip = SipEndpoint(
            config.sip,
            on_incoming=self._desk.incoming,
            on_refused=lambda refused: refusals.count(refused, now=now()),
            on_trunk=partial(_tell_of_trunk, channel),
            messages=messages,
        )
        await self._sip.start()
        if self._sip.call_limit < config.sip.max_calls:
            limit = self._sip.call_limit
            await self._sip.close()
            text = f"a worker holds {limit} calls, not {config.sip.max_calls}"
            raise SipAgentError(f"sip.max_calls: {text}; lower it to {limit}")
        trunks = [trunk.name for trunk in config.sip.trunks]
        dials = self._dials = DialDesk(self._desk, self._sip, plans.named, trunks)
        desk = self._desk
        self._operators = OperatorDesk(channel.send, lambda: desk.calls, dials.give_up)
        self._listeners = ListenDesk(channel, lambda: desk.calls)
        gc.collect()
        gc.freeze()  # what there is stays: collecting it again would stop the audio for that long
        channel.send(
            Ready(
                self._sip.port,
                self._sip.call_limit,
                plans.routes.plans,
                plans.routes.version,
            )
        )

    def _local(self) -> str:
        port = self._sip.port if self._sip is not None else 0
        return f"{self._config.sip.public_address or self._config.sip.bind}:{port}"

    async def _dial(self, uri: str, trunk: str, from_user: str) -> SipCall:
        assert self._sip is not None
        return await self._sip.dial(uri, trunk=trunk, from_user=from_user)

    def _place(self, asked: DialAsked) -> None:
        assert self._channel is not None
        answer = DialAnswer(503, "the line is not there yet")
        if self._dials is not None:
            wanted = DialRequest(
                call_id=asked.call_id,
                uri=asked.to,
                plan=asked.plan,
                trunk=asked.trunk,
                caller_id=asked.caller_id,
                ring_s=asked.ring_s,
                headers=asked.headers,
                variables=asked.variables,
            )
            answer = self._dials.place(wanted)
        self._channel.send(DialAnswered(asked.call_id, answer.status, answer.text))

    async def _beat(self, channel: Channel) -> None:
        assert self._sip is not None
        while True:
            sip = self._sip
            channel.send(Heartbeat(sip.calls_in_use, sip.call_limit, sip.is_draining))
            await sleep_measured(HEARTBEAT_S)
            self._end_if_idle()

    def _end_if_idle(self) -> None:
        is_idle = self._desk is not None and not self._desk.calls
        if self._is_to_end and is_idle and not (self._dials and self._dials.is_dialling):
            self._ended.set()

    def _command(self, message: Message) -> None:
        match message:
            case Drain(retry_after_s, then_ends):
                self._is_to_end = self._is_to_end or then_ends
                if self._sip is not None:
                    self._sip.drain(retry_after_s)
                    if not self._sip.calls_in_use:  # else one may be on its way to the desk
                        self._end_if_idle()
                else:  # not started yet
                    self._ended.set()
            case Undrain() if self._sip is not None and not self._is_to_end:
                self._sip.undrain()
            case SetLogLevels(levels):
                self._levels.use(levels)
            case ApprovalDecided() if self._approver is not None:
                self._approver.decided(message)
            case LoadPlans() | UsePlans() if self._plans is not None:
                self._plans.told(message)
            case DialAsked():
                self._place(message)
            case OperatorAsked() if self._operators is not None:
                self._operators.asked(message)
            case ListenAsked() if self._listeners is not None:
                self._listeners.asked(message)
            case ListenEnded() if self._listeners is not None:
                self._listeners.ended(message)
            case FlightAsked():
                self._witnesses.flight_asked(message)
            case Stop() | Closed():
                self._ended.set()
            case _:
                pass
