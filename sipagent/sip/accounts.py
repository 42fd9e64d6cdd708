"""The accounts of PJSUA: one for calls without a trunk, one per trunk. On the PJSIP thread.

| resource     | acquired    | released                                   |
|--------------|-------------|--------------------------------------------|
| `pj.Account` | constructor | ``close``, or the constructor if it raises |
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from .account_media import configure_account
from .callbacks import never_raises
from .pjlib import destroy, pj
from .registering import Registering
from .registration import TrunkState
from .settings import SipSettings
from .trunks import TrunkSettings, address_of_record, line_word

NO_TRUNK = ""


class Accounts:
    """Every account, by the name of its trunk.

    Args:
        settings: Where it listens, and the trunks.
        uri: Who we are without a trunk.
        on_incoming: Called with PJSIP's call number, the INVITE and its source.
        on_trunk: Called with the state of a trunk.
        on_registrar: Called with a trunk and the address that registered it.
        failed: Called with a host whose server has failed; returns whether there is another.

    Raises:
        pj.Error: If PJSIP cannot take one; none is left behind.
    """

    def __init__(
        self,
        settings: SipSettings,
        uri: str,
        on_incoming: Callable[[int, str, str], None],
        on_trunk: Callable[[TrunkState], None],
        on_registrar: Callable[[str, str], None],
        failed: Callable[[str, float], bool],
    ) -> None:
        self._by_trunk: dict[str, _Account] = {}
        self._on_incoming = on_incoming
        self.registering = Registering(
            settings.trunks, self._by_trunk, on_trunk, on_registrar, failed
        )
        try:
            self._add(NO_TRUNK, account_config(settings, uri))
            for trunk in settings.trunks:
                self._add(trunk.name, trunk_config(settings, trunk, uri))
            self._by_trunk[NO_TRUNK].setDefault()
        except BaseException:
            self.close()
            raise

    def of(self, trunk: str) -> Any:
        """Return the account of ``trunk``; of an unknown one that of no trunk."""
        return self._by_trunk.get(trunk, self._by_trunk[NO_TRUNK])

    def close(self) -> None:
        """End all of them."""
        while self._by_trunk:
            _, account = self._by_trunk.popitem()
            account.shutdown()
            destroy(account)

    def _add(self, name: str, config: Any) -> None:
        account = self._by_trunk[name] = _Account(name, self._on_incoming, self.registering)
        account.create(config)


def _trunk_of(account: _Account) -> str:
    return account.trunk


class _Account(pj.Account):  # type: ignore[misc]
    def __init__(
        self,
        trunk: str,
        on_incoming: Callable[[int, str, str], None],
        registering: Registering,
    ) -> None:
        super().__init__()
        self.trunk, self._on_incoming, self._registering = trunk, on_incoming, registering

    @never_raises("an INVITE was not taken")
    def onIncomingCall(self, prm: Any) -> None:  # noqa: N802
        rdata = prm.rdata
        self._on_incoming(int(prm.callId), str(rdata.wholeMsg), str(rdata.srcAddress))

    @never_raises("an answer to REGISTER of trunk %s was lost", _trunk_of)
    def onRegState(self, prm: Any) -> None:  # noqa: N802
        self._registering.answered(self.trunk, prm, now=monotonic())


def account_config(settings: SipSettings, uri: str) -> Any:
    """Return the configuration that every account shares."""
    config = pj.AccountConfig()
    config.idUri = uri
    configure_account(config, settings)
    return config


def trunk_config(settings: SipSettings, trunk: TrunkSettings, uri: str) -> Any:
    """Return the configuration of a trunk's account.

    Args:
        uri: Who we are to a peer that gives us no domain.
    """
    config = account_config(settings, address_of_record(trunk, trunk.user) or uri)
    password = trunk.password.get_secret_value()
    if trunk.login and password:
        login = pj.AuthCredInfo("digest", trunk.realm, trunk.login, 0, password)
        config.sipConfig.authCreds.append(login)
    if trunk.proxy:
        config.sipConfig.proxies.append(trunk.proxy)
    registration = config.regConfig
    registration.timeoutSec = trunk.expires_s
    registration.registerOnAdd = False
    registration.retryIntervalSec = 0  # when to try again is decided by `Registration`
    if trunk.registers:
        registration.registrarUri = trunk.registrar
        if word := line_word(trunk):
            registration.contactUriParams = f";line={word}"
    return config
