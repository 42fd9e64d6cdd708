"""One port for every transport: with port 0, any that is free for all of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sipagent.sip.pjlib import pj
from sipagent.sip.settings import SipSettings
from sipagent.sip.transports import FREE_PORT_ATTEMPTS
from sipagent.sip.transports import listen as open_transports


class Endpoint:
    """PJSIP's, on a machine where others hold the TCP ports ``taken``."""

    def __init__(self, taken: set[int]) -> None:
        self.taken = taken
        self.open: dict[int, tuple[int, int]] = {}
        self.count = 0

    def transportCreate(self, kind: int, config: Any) -> int:
        self.count += 1
        port = config.port or 40_000 + self.count
        if kind == pj.PJSIP_TRANSPORT_TCP and port in self.taken:
            raise pj.Error()
        self.open[self.count] = kind, port
        return self.count

    def transportGetInfo(self, transport: int) -> Any:
        return SimpleNamespace(localName=f"127.0.0.1:{self.open[transport][1]}")

    def transportEnum(self) -> list[int]:
        return list(self.open)

    def transportClose(self, transport: int) -> None:
        del self.open[transport]


def listen(endpoint: Endpoint, port: int) -> int:
    return open_transports(endpoint, SipSettings(bind="127.0.0.1", port=port)).port


def test_a_port_that_is_free_for_udp_alone_is_given_back() -> None:
    endpoint = Endpoint(taken={40_001, 40_003})
    port = listen(endpoint, 0)
    assert port not in endpoint.taken
    assert sorted(endpoint.open.values()) == sorted(
        [(pj.PJSIP_TRANSPORT_UDP, port), (pj.PJSIP_TRANSPORT_TCP, port)]
    )


def test_a_port_that_was_asked_for_is_tried_once() -> None:
    endpoint = Endpoint(taken={5_080})
    with pytest.raises(pj.Error):
        listen(endpoint, 5_080)
    assert endpoint.count == 2


def test_the_search_ends() -> None:
    endpoint = Endpoint(taken=set(range(40_000, 41_000)))
    with pytest.raises(pj.Error):
        listen(endpoint, 0)
    assert endpoint.count == 2 * FREE_PORT_ATTEMPTS
