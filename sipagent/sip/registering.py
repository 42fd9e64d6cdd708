"""Keeps the trunks registered that want to be: sends what their :class:`Registration` decides.

PJSIP refreshes registrations in time, answers challenges (RFC 3261 section 22) and takes down what
is left when it ends. All else is decided in :mod:`.registration`, because PJSUA tries again at a
constant interval only, and never after an answer such as 403.

Every method runs on the PJSIP thread. Owns nothing: the accounts are those of :mod:`.accounts`.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from .locating import SERVER_FAILED
from .pj_values import said
from .pjlib import pj
from .registration import Registration, RegistrationState, TrunkState, retry_after_s
from .trunks import TrunkSettings

log = logging.getLogger(__name__)

NO_ANSWER = 503
"""Stands for an answer where a REGISTER could not even be sent."""

BUSY = 171_001
"""``PJSIP_EBUSY``: of a registration whose last REGISTER has no final answer yet."""

_TRANSPORT_AT = ctypes.sizeof(ctypes.c_void_p)
"""``pjsip_rx_data.tp_info.transport`` is the second pointer of the structure."""


class Registrant(Protocol):
    """A ``pj.Account``."""

    def setRegistration(self, renew: bool) -> None: ...  # noqa: N802


class Registering:
    """Register trunks.

    Args:
        trunks: All of them.
        accounts: By name; filled before the first ``poll``.
        tell: Called with the state of a trunk whenever it was answered, or changed.
        on_registrar: Called with a trunk and the address that registered it.
        failed: Called with a host whose server has failed, and how long it wants to be left alone;
            returns whether there is another.
    """

    def __init__(
        self,
        trunks: Sequence[TrunkSettings],
        accounts: Mapping[str, Registrant],
        tell: Callable[[TrunkState], None],
        on_registrar: Callable[[str, str], None],
        failed: Callable[[str, float], bool],
    ) -> None:
        self._failed = failed
        self._hosts = {trunk.name: trunk.next_hop for trunk in trunks}
        self._accounts, self._tell, self._on_registrar = accounts, tell, on_registrar
        self._trunks = {
            trunk.name: Registration(trunk.name, registers=trunk.registers) for trunk in trunks
        }
        self._transports: dict[str, int] = {}
        """``pjsip_transport *`` that the last answer came over, by trunk."""

    def start(self, *, now: float) -> None:
        """Tell of all trunks, and have those registered that want to be."""
        for registration in self._trunks.values():
            registration.start(now=now)
            self._tell(registration.state)

    def poll(self, *, now: float) -> None:
        """Send what is due."""
        for name, registration in self._trunks.items():
            if registration.undo_is_due():
                self._take_back(name, now=now)
            if registration.is_due(now=now):
                try:
                    self._accounts[name].setRegistration(True)
                except pj.Error as error:
                    registration.answered(NO_ANSWER, str(error.reason), 0, "", now=now)
                self._note(registration.state)

    def answered(self, name: str, prm: Any, *, now: float) -> None:
        """Take the final answer to a REGISTER."""
        registration, rdata = self._trunks[name], prm.rdata
        text, source = str(rdata.wholeMsg), str(rdata.srcAddress)
        if text:
            received = int(rdata.pjRxData) + _TRANSPORT_AT
            self._transports[name] = ctypes.c_void_p.from_address(received).value or 0
        status, reason = int(prm.code), said(prm.reason)
        has_another = status in SERVER_FAILED and self._failed(
            self._hosts[name], retry_after_s(text)
        )
        expires_s = int(prm.expiration)
        registration.answered(status, reason, expires_s, text, now=now, has_another=has_another)
        if text and registration.state.state is RegistrationState.REGISTERED:
            self._on_registrar(name, source.rpartition(":")[0].strip("[]"))
        self._note(registration.state)

    def connection_lost(self, transport: int, *, now: float) -> None:
        """Take the end of a connection, which may have been a registrar's."""
        for name in [name for name, used in self._transports.items() if used == transport]:
            del self._transports[name]  # another one may get its address
            self._trunks[name].connection_lost(now=now)
            self._note(self._trunks[name].state)

    def come_back(self, *, now: float) -> None:
        """Register again what :meth:`leave` took back."""
        for registration in self._trunks.values():
            registration.come_back(now=now)

    def leave(self, *, now: float) -> None:
        """Take every registration back."""
        for name, registration in self._trunks.items():
            before = registration.state
            if registration.leave():
                self._take_back(name, now=now)
            elif registration.state is not before:
                self._note(registration.state)

    def _take_back(self, name: str, *, now: float) -> None:
        registration = self._trunks[name]
        try:
            self._accounts[name].setRegistration(False)
        except pj.Error as error:
            if error.status == BUSY:
                registration.undo_waits()
                return
            registration.undo_failed(str(error.reason), now=now)
            self._note(registration.state)

    @property
    def is_leaving(self) -> bool:
        """Tell whether a registration is still being taken back."""
        settled = {RegistrationState.UNREGISTERED, RegistrationState.STATIC}
        return any(each.state.state not in settled for each in self._trunks.values())

    def _note(self, state: TrunkState) -> None:
        self._tell(state)
        match state.state:
            case RegistrationState.FAILED:
                status, reason = state.status, state.reason
                log.warning(
                    "trunk %s ! not registered: %d %s; tried again in %d s",
                    *(state.name, status, reason, state.retry_in_s),
                )
            case RegistrationState.REGISTERED:
                log.info("trunk %s = registered for %d s", state.name, state.expires_s)
            case _:
                log.info("trunk %s = %s", state.name, state.state)
