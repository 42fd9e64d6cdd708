from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from sipagent.sip.dns_records import in_hosts
from sipagent.sip.locating import (
    FAILED_FOR_S,
    MOST_RECORDS,
    Failures,
    Naptr,
    Server,
    Srv,
    Target,
    address_of,
    by_weight,
    nameserver_address,
    services,
)
from sipagent.sip.next_server import host_of
from sipagent.sip.no_names import ask_no_name_server

UDP_TCP = frozenset({"udp", "tcp"})
FIRST, SECOND = Server("192.0.2.1", 5060, "udp"), Server("192.0.2.2", 5060, "udp")
PBX = Target("pbx.example")


def naptr(service: str, order: int, flags: str = "s") -> Naptr:
    return Naptr(order, 10, flags, service, f"{service.lower()}.pbx.example")


@pytest.mark.parametrize(
    ("target", "names"),
    [
        (PBX, [("udp", "_sip._udp.pbx.example"), ("tcp", "_sip._tcp.pbx.example")]),
        (Target("pbx.example", transport="tcp"), [("tcp", "_sip._tcp.pbx.example")]),
        (Target("pbx.example", is_secure=True), [("tls", "_sips._tcp.pbx.example")]),
    ],
)
def test_what_is_asked_for_without_naptr(target: Target, names: list[tuple[str, str]]) -> None:
    assert services(target, [], UDP_TCP) == names  # type: ignore[arg-type]


def test_naptr_says_what_a_domain_speaks_and_udp_is_taken_if_it_can() -> None:
    records = [naptr("SIP+D2U", 30), naptr("SIPS+D2T", 10), naptr("SIP+D2T", 20)]
    assert [each for each, _ in services(PBX, records, UDP_TCP)] == ["udp", "tcp"]  # type: ignore[arg-type]
    tcp = services(PBX, [naptr("SIPS+D2T", 10), naptr("SIP+D2T", 20)], UDP_TCP)  # type: ignore[arg-type]
    assert tcp == [("tcp", "sip+d2t.pbx.example")]


def test_naptr_of_other_services_says_nothing() -> None:
    records = [naptr("SIP+D2S", 10), naptr("SIP+D2T", 10, flags="a"), naptr("E2U+sip", 10)]
    assert services(PBX, records, UDP_TCP) == services(PBX, [], UDP_TCP)  # type: ignore[arg-type]


def test_srv_records_come_by_priority_and_then_by_chance() -> None:
    a, b, last = Srv(1, 10, 1, "a"), Srv(1, 30, 1, "b"), Srv(2, 0, 1, "last")
    assert by_weight([last, b, a], lambda: 0.0) == [a, b, last]
    assert by_weight([last, b, a], lambda: 0.9) == [b, a, last]


def test_who_failed_is_tried_last_for_a_while() -> None:
    failures = Failures()
    assert failures.ordered(PBX, [FIRST, SECOND], now=0.0) == [FIRST, SECOND]
    assert failures.failed("PBX.example", now=1.0)
    assert failures.ordered(PBX, [FIRST, SECOND], now=2.0) == [SECOND, FIRST]
    assert failures.ordered(PBX, [FIRST, SECOND], now=2.0 + FAILED_FOR_S) == [FIRST, SECOND]


def test_there_is_no_other_server_when_all_have_failed() -> None:
    failures = Failures()
    failures.ordered(PBX, [FIRST, SECOND], now=0.0)
    assert failures.failed("pbx.example", now=0.0)
    failures.ordered(PBX, [FIRST, SECOND], now=1.0)
    assert not failures.failed("pbx.example", now=1.0)
    assert not failures.failed("192.0.2.9", now=1.0)


def test_retry_after_makes_it_longer() -> None:
    failures = Failures()
    failures.ordered(PBX, [FIRST, SECOND], now=0.0)
    failures.failed("pbx.example", now=0.0, for_s=3_600.0)
    assert failures.ordered(PBX, [FIRST, SECOND], now=3_000.0) == [SECOND, FIRST]


@pytest.mark.parametrize(
    ("host", "address"),
    [("192.0.2.1", "192.0.2.1"), ("[2001:db8::1]", "2001:db8::1"), ("1.2.3", None), ("a", None)],
)
def test_an_address_is_told_from_a_name(host: str, address: str | None) -> None:
    assert address_of(host) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
    ],
)
def test_name_servers_are_written_as_addresses(text: str, address: tuple[str, int]) -> None:
    assert nameserver_address(text) == address


@pytest.mark.parametrize("text", ["", "dns.example", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:x"])
def test_what_is_no_name_server_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no name server"):
        nameserver_address(text)


def test_the_file_of_hosts_knows_names(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text("# box\n192.0.2.7 Box box.lan # ours\n::1 box\n192.0.2.8 box\nbad box\n")
    assert in_hosts("BOX.", file) == ["192.0.2.7", "192.0.2.8"]
    assert in_hosts("ours", file) == in_hosts("box", tmp_path / "none") == []


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("sip:a@pbx.example:5060;transport=tcp", "pbx.example"),
        ("sips:pbx.example?X=1", "pbx.example"),
        ("sip:a@[2001:db8::1]:5060", "[2001:db8::1]"),
        ("tel:112", ""),
    ],
)
def test_the_host_of_a_uri(uri: str, host: str) -> None:
    assert host_of(uri) == host


def test_a_thread_that_asks_no_name_server_knows_only_the_file_of_hosts() -> None:
    found: list[object] = []

    def look_up() -> None:
        ask_no_name_server()
        found.append(socket.getaddrinfo("localhost", 1)[0][4][0])
        try:
            socket.getaddrinfo("name.example", 1)
        except socket.gaierror as error:
            found.append(error.errno)

    thread = threading.Thread(target=look_up)
    thread.start()
    thread.join()
    assert found[0] in {"127.0.0.1", "::1"}
    assert found[1] == socket.EAI_AGAIN


def test_of_thousands_of_records_only_the_best_are_looked_at() -> None:
    records = [Srv(each % 100, each % 7, 5060, f"{each}.pbx.example") for each in range(3_000)]
    ordered = by_weight(records)
    assert len(ordered) == MOST_RECORDS
    assert {each.priority for each in ordered} == {0, 1}
    many = [naptr("SIP+D2U", each) for each in range(3_000)]
    assert services(PBX, many, ("udp", "tcp")) == [("udp", "sip+d2u.pbx.example")]


def test_an_address_with_a_zone_is_nowhere_we_could_send_to() -> None:
    assert address_of("[fe80::1%eth0]") is None
