"""PJSIP itself: start, configuration, end. Every function runs on the PJSIP thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any
from urllib.parse import quote

from .account_media import warn_of_plain_signalling
from .accounts import Accounts
from .callbacks import never_raises
from .connection_gate import ConnectionGate
from .locator import Locator
from .pjlib import destroy, native, pj, transport_count
from .registration import TrunkState
from .settings import SipSettings
from .tls_door import TlsDoor
from .transports import keep_alive, listen

log = logging.getLogger(__name__)
pjsip_log = logging.getLogger("sipagent.sip.pjsip")

RESAMPLING_QUALITY = 10
"""PJMEDIA's large filter, exact to 3.3 kHz for 0.9 % of a core per call. At 3-4 the small one loses
2 dB of every tone and 5 dB at 3 kHz; below, it interpolates and loses 8 dB at 3 kHz."""

JITTER_BUFFER_MS = (20, 20, 200, 500)
"""First, least and most delay, and how much it holds; it goes with the jitter of a line by itself.
More at first costs every call a frame, and helps none (``python -m benchmarks.jitter_buffer``)."""


class PjStack:
    """PJSIP, started with an account of its own and one per trunk; any takes every call.

    Args:
        settings: Where it listens.
        on_incoming: Called with PJSIP's call number, the INVITE and its source.
        on_rejected: Called with status, reason, INVITE and source of what the library refused.
        on_trunk: Called with the state of a trunk.
        on_registrar: Called with a trunk and the address that registered it.
        locator: Finds the servers of names.

    Raises:
        pj.Error: If it cannot start; nothing is left behind.
    """

    def __init__(
        self,
        settings: SipSettings,
        on_incoming: Callable[[int, str, str], None],
        on_rejected: Callable[[int, str, str, str], None],
        on_trunk: Callable[[TrunkState], None],
        on_registrar: Callable[[str, str], None],
        locator: Locator,
    ) -> None:
        self._locator = locator
        self._host = _local_host(settings)
        self._writer = _LogWriter()
        self._connection_budget = locator.connections
        self._gate = ConnectionGate(self._give_way, locator.connections)
        self._tls_door = TlsDoor()
        self._connections: dict[int, Any] = {}
        self._endpoint: Any = _Endpoint(on_rejected, self._connected, self._connection_lost)
        self.accounts: Accounts | None = None
        native().pj_log_set_level(0)  # until our log writer is there
        self._endpoint.libCreate()
        try:
            warn_of_plain_signalling(settings.srtp, settings.transports)
            self._endpoint.libInit(_endpoint_config(settings, self._writer))
            locator.open()
            self._endpoint.audDevManager().setNullDev()
            keep_alive(settings.nat.keep_alive_s)
            self.listening = listen(self._endpoint, settings)
            self._open_doors()
            self._offer(settings.codecs)
            self._endpoint.libStart()
            self.accounts = Accounts(
                *(settings, self.uri_of("sipagent"), on_incoming, on_trunk, on_registrar),
                locator.failed,
            )
            self.accounts.registering.start(now=monotonic())
        except BaseException:
            self._destroy()
            raise

    def poll(self, longest_ms: int) -> None:
        """Handle what arrived, and what is due; wait at most ``longest_ms``."""
        if not self._tls_door.let_in(self._accept, is_full=self._gate.is_shut):
            self._endpoint.libHandleEvents(longest_ms)
        self._count_connections()
        self._gate.poll()
        if self.accounts is not None:
            self.accounts.registering.poll(now=monotonic())

    @property
    def dropped_messages(self) -> int:
        """SIP messages that could not be parsed."""
        return self._writer.dropped_messages

    @property
    def pj_calls(self) -> int:
        """Calls PJSIP holds, those too that nobody here has any more; any thread."""
        return int(native().pjsua_call_get_count())

    def counts(self) -> dict[str, int]:
        """Return what PJSIP itself holds."""
        return {
            "pj_calls": self.pj_calls,
            "conference_ports": int(native().pjsua_conf_get_active_ports()),
            "transports": len(self._endpoint.transportEnum()),
        }

    def uri_of(self, user: str) -> str:
        """Return a SIP URI of ours for ``user``."""
        return f"<sip:{quote(user, safe='+-_.!~*')}@{self._host}:{self.listening.port}>"

    def stop_clock(self) -> None:
        """End the conference clock, so that media ports may be destroyed."""
        self._endpoint.audDevManager().setNoDev()

    def close(self) -> None:
        """End PJSIP; every other object of it must be gone."""
        self._destroy()

    def _open_doors(self) -> None:
        ports = {self.listening.port, self.listening.tls_port}
        if self.listening.tls_port and self._tls_door.open(self.listening.tls_port):
            ports.remove(self.listening.tls_port)
        self._gate.open(ports)

    def _accept(self, comers: int) -> None:
        self._count_connections(comers)
        self._endpoint.libHandleEvents(0)

    def _count_connections(self, more: int = 0) -> None:
        count = transport_count() + self._tls_door.pending + more
        self._connection_budget.counted(count, now=monotonic())

    def _connected(self, transport: Any, remote: str) -> None:
        self._connections[int(transport)] = transport
        self._tls_door.connected(int(transport), remote)
        self._gate.connected(int(transport))

    def _give_way(self, transport: int) -> None:
        self._endpoint.transportShutdown(self._connections[transport])

    def _connection_lost(self, transport: int) -> None:
        self._connections.pop(transport, None)
        self._tls_door.ended(transport)
        self._gate.ended(transport)
        if self.accounts is not None:
            self.accounts.registering.connection_lost(transport, now=monotonic())

    def _destroy(self) -> None:
        """Destroy what there is, accounts first; twice is harmless."""
        accounts, self.accounts = self.accounts, None
        endpoint, self._endpoint = self._endpoint, None
        self._gate.close()
        self._locator.close()
        if accounts is not None:
            accounts.close()
        if endpoint is not None:
            endpoint.libDestroy(pj.PJSUA_DESTROY_NO_RX_MSG)  # or it waits a second for answers
            destroy(endpoint)
        self._tls_door.close()

    def _offer(self, codecs: Sequence[str]) -> None:
        for codec in self._endpoint.codecEnum2():
            name = codec.codecId.split("/")[0].upper()
            priority = 250 - 10 * codecs.index(name) if name in codecs else 0
            self._endpoint.codecSetPriority(codec.codecId, priority)


class _Endpoint(pj.Endpoint):  # type: ignore[misc]
    def __init__(
        self,
        on_rejected: Callable[[int, str, str, str], None],
        on_connected: Callable[[Any, str], None],
        on_connection_lost: Callable[[int], None],
    ) -> None:
        super().__init__()
        self._on_rejected = on_rejected
        self._on_connected, self._on_connection_lost = on_connected, on_connection_lost

    @never_raises("a refused INVITE was not told")
    def onRejectedIncomingCall(self, prm: Any) -> None:  # noqa: N802
        rdata = prm.rdata
        message, source = str(rdata.wholeMsg), str(rdata.srcAddress)
        self._on_rejected(int(prm.statusCode), str(prm.reason), message, source)

    @never_raises("a connection's begin or end was not told")
    def onTransportState(self, prm: Any) -> None:  # noqa: N802
        if prm.state == pj.PJSIP_TP_STATE_CONNECTED:
            self._on_connected(prm.hnd, str(prm.tlsInfo.remoteAddr))
        elif prm.state in (pj.PJSIP_TP_STATE_DISCONNECTED, pj.PJSIP_TP_STATE_DESTROY):
            self._on_connection_lost(int(prm.hnd))


class _LogWriter(pj.LogWriter):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.dropped_messages = 0

    def write(self, entry: Any) -> None:
        """Pass one line to our log, and count what PJSIP dropped as no SIP."""
        try:
            text = str(entry.msg).strip().partition("\n")[0]  # whole packets follow some lines
            self.dropped_messages += text.startswith("Dropping ")
            pjsip_log.info("! %s", text)  # what it calls an error is mostly a peer's fault
        except Exception:
            log.exception("! a line of PJSIP's log was lost")


def conference_hz(settings: SipSettings) -> int:
    """Return the rate of the one bridge; without G.722 nothing is ever resampled."""
    return 16_000 if "G722" in settings.codecs else 8_000


def _endpoint_config(settings: SipSettings, writer: _LogWriter) -> Any:
    config = pj.EpConfig()
    config.logConfig.level = 2
    config.logConfig.consoleLevel = 2  # the writer gets what the console would; at 0, nothing
    config.logConfig.msgLogging = 0
    config.logConfig.decor = 0
    config.logConfig.writer = writer
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.maxCalls = min(settings.max_calls, 32)
    config.uaConfig.userAgent = settings.user_agent
    media = config.medConfig
    media.clockRate = conference_hz(settings)
    media.noVad = True  # RTP flows at 50 packets a second, silence included
    media.ecTailLen = 0
    media.sndAutoCloseTime = -1
    media.quality = RESAMPLING_QUALITY
    media.jbInit, media.jbMinPre, media.jbMaxPre, media.jbMax = JITTER_BUFFER_MS
    return config


def _local_host(settings: SipSettings) -> str:
    host = settings.public_address or settings.bind
    return "127.0.0.1" if host == "0.0.0.0" else host
