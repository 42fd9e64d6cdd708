"""One worker process, wired together: SIP endpoint, desk, plans, observers, channel.

Run by the supervisor's fork server through :func:`run_worker`; ends when told to, when its last
call is over after a drain, or when the supervisor is gone.
"""

from __future__ import annotations

import asyncio
import logging
from multiprocessing.connection import Connection
from pathlib import Path

from sipagent.calls.desk import CallDesk
from sipagent.calls.facts import Observer
from sipagent.calls.prepare import prepare_call
from sipagent.calls.prompts import prepare_prompts
from sipagent.calls.setup import CallSetup
from sipagent.calls.termination import Reason
from sipagent.config import Config
from sipagent.dialplan.loading import load_dir
from sipagent.dialplan.matching import CallKeys
from sipagent.errors import SipAgentError
from sipagent.ops.channel import Channel, Closed, Drain, Failed, Heartbeat, Message, Ready, Stop
from sipagent.ops.clock import local_time, unix_time
from sipagent.ops.logs import set_up_logging
from sipagent.ops.metrics import REFUSED, MetricsObserver
from sipagent.ops.observers import Observers
from sipagent.ops.records import RecordWriter
from sipagent.ops.timeline import TimelineWriter
from sipagent.realtime.transport import Endpoint
from sipagent.sip.endpoint import SipEndpoint
from sipagent.sip.events import Refused
from sipagent.sip.headers import Invite

log = logging.getLogger(__name__)

HEARTBEAT_S = 0.5
STOP_LIMIT_S = 3.0
"""How long hanging up may take when told to end now."""

REFUSAL_REASONS = {486: "busy", 488: "not_acceptable"}


def run_worker(config: Config, realtime_url: str, connection: Connection) -> None:
    """Run a worker until it ends.

    Args:
        config: Of the appliance.
        realtime_url: WebSocket URL of the endpoint, embedded or not.
        connection: To the supervisor.
    """
    set_up_logging(config.log.level, config.log.format)
    asyncio.run(_Worker(config, realtime_url).run(connection))


class _Worker:
    def __init__(self, config: Config, realtime_url: str) -> None:
        self._config = config
        self._is_embedded = config.realtime.url == "embedded"
        self._realtime = Endpoint(
            url=realtime_url,
            model=config.realtime.model,
            api_key=config.realtime.api_key.get_secret_value(),
            headers=config.realtime.headers,
            handshake_timeout_s=config.realtime.handshake_timeout_s,
            ping_interval_s=config.realtime.ping_interval_s,
            ping_timeout_s=config.realtime.ping_timeout_s,
        )
        self._ended = asyncio.Event()
        self._sip: SipEndpoint | None = None
        self._desk: CallDesk | None = None

    async def run(self, connection: Connection) -> None:
        """Run to the end."""
        channel = Channel(connection, self._command)
        try:
            await self._start(channel)
        except SipAgentError as error:
            channel.send(Failed(str(error)))
            channel.close()
            return
        assert self._desk is not None and self._sip is not None
        heart = asyncio.get_running_loop().create_task(self._beat(channel), name="heartbeat")
        await self._ended.wait()
        self._desk.hang_up_all(Reason.SHUTDOWN)
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await self._desk.until_empty()
        except TimeoutError:
            log.warning("! calls did not end in %g s", STOP_LIMIT_S)
        heart.cancel()
        await self._sip.close()
        channel.close()

    async def _start(self, channel: Channel) -> None:
        config = self._config
        plans = load_dir(config.dialplans.path)
        prompts = await prepare_prompts(plans.plans)
        setups = {
            plan.name: prepare_call(plan, prompts[plan.name], embedded=self._is_embedded)
            for plan in plans.plans
        }

        def route(invite: Invite) -> CallSetup | None:
            keys = CallKeys(invite.called_user, invite.caller_user, invite.headers)
            plan = plans.take(keys)
            return setups[plan.name] if plan is not None else None

        self._desk = CallDesk(
            route=route,
            endpoint=self._realtime,
            observer=self._observers(),
            recordings_dir=config.recordings.path,
            wall_clock=unix_time,
        )
        self._sip = SipEndpoint(
            config.sip, on_incoming=self._desk.incoming, on_refused=self._refused
        )
        await self._sip.start()
        if self._sip.call_limit < config.sip.max_calls:
            limit = self._sip.call_limit
            await self._sip.close()
            text = f"a worker holds {limit} calls, not {config.sip.max_calls}"
            raise SipAgentError(f"sip.max_calls: {text}; lower it to {limit}")
        channel.send(Ready(self._sip.port, self._sip.call_limit, len(plans.plans)))

    def _observers(self) -> Observers:
        cdr = self._config.cdr
        observers: list[Observer] = [
            MetricsObserver(),
            RecordWriter(cdr.path, local_time),
        ]
        if cdr.timeline_path:
            observers.append(TimelineWriter(Path(cdr.timeline_path)))
        return Observers(observers)

    def _refused(self, refused: Refused) -> None:
        reason = REFUSAL_REASONS.get(refused.status, "malformed_request")
        if refused.status == 503:
            is_draining = self._sip is not None and self._sip.is_draining
            reason = "draining" if is_draining else "flood"
        REFUSED.labels(reason).inc()
        log.warning("! refused %d %s to %s", refused.status, reason, refused.source_address)

    async def _beat(self, channel: Channel) -> None:
        assert self._sip is not None
        while True:
            sip = self._sip
            channel.send(Heartbeat(sip.calls_in_use, sip.call_limit, sip.is_draining))
            await asyncio.sleep(HEARTBEAT_S)
            if sip.is_draining and self._desk is not None and not self._desk.calls:
                self._ended.set()

    def _command(self, message: Message) -> None:
        match message:
            case Drain(retry_after_s):
                if self._sip is not None:
                    self._sip.drain(retry_after_s)
                else:  # not started yet
                    self._ended.set()
            case Stop() | Closed():
                self._ended.set()
            case _:
                pass
