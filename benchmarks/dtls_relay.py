"""What the relay of encrypted audio costs, and how long it keeps a packet: ``python -m
benchmarks.dtls_relay``.

A relay in a process of its own, as in a worker, with ``--calls`` legs of 50 packets a second each
way. Both ends of every leg are here: a peer with DTLS, and what PJSIP would be. A packet carries
the moment it was sent. ``--busy`` has a second thread there hold the interpreter for some
milliseconds out of every ten, as a busy event loop would.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import select
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from time import monotonic, sleep

from pylibsrtp import Session

from sipagent.sip.dtls_dialog import Agreed, RelayPorts
from sipagent.sip.dtls_handshake import Handshake, Identity
from sipagent.sip.dtls_relay import MediaRelay

PTIME_S = 0.02
WARM_UP_S = 1.0
PERIOD_S = 0.01
PORTS = (48_000, 48_999)


@dataclass(slots=True)
class Leg:
    """Both ends of one."""

    identity: Identity
    peer: socket.socket
    pjsip: socket.socket
    ports: RelayPorts
    keys: tuple[Session, Session] | None = None
    delays_s: list[float] = field(default_factory=list)

    def speak(self, sequence: int) -> None:
        """Send a packet each way."""
        assert self.keys is not None
        packet = _packet(sequence)
        self.peer.sendto(self.keys[1].protect(packet), ("127.0.0.1", self.ports.outer[0]))
        self.pjsip.sendto(_packet(sequence), self.ports.rtp)

    def hear(self, each: socket.socket) -> None:
        """Take a packet, and note how long it was on its way."""
        data = each.recv(2_048)
        now = monotonic()
        if each is self.peer:
            assert self.keys is not None
            data = self.keys[0].unprotect(data)
        self.delays_s.append(now - struct.unpack_from("!d", data, 12)[0])

    def shake_hands(self) -> None:
        """Agree on keys; the relay begins."""
        handshake = Handshake(self.identity, "server")
        while not handshake.is_done:
            for datagram in handshake.receive(self.peer.recv(2_048)):
                self.peer.sendto(datagram, ("127.0.0.1", self.ports.outer[0]))
        self.keys = handshake.sessions()


def _packet(sequence: int) -> bytes:
    head = struct.pack("!BBHII", 0x80, 0, sequence & 0xFFFF, sequence * 160, 0x5EED)
    return head + struct.pack("!d", monotonic()) + bytes(152)


def serve(pipe: Connection, busy_ms: float) -> None:
    """Run the relay until told to stop, then tell what it cost."""
    relay = MediaRelay("127.0.0.1", PORTS)
    while (asked := pipe.recv()) is not None:
        leg = relay.open(lambda why: None)
        fingerprint, peer, pjsip = asked
        leg.connect(pjsip, pjsip)
        function, _, digest = fingerprint.partition(" ")
        prints = ((function, digest),)
        relay.agree(leg, Agreed("dtls", "client", prints, peer, peer, True, 1))
        pipe.send(leg.ports)
    if busy_ms:
        threading.Thread(target=_hold, args=(busy_ms / 1000,), daemon=True).start()
    while pipe.recv():
        used = resource.getrusage(resource.RUSAGE_SELF)
        pipe.send(used.ru_utime + used.ru_stime)


def _hold(busy_s: float) -> None:
    while True:
        until = monotonic() + busy_s
        while monotonic() < until:
            pass
        sleep(max(0.0, PERIOD_S - busy_s))


def measure(calls: int, seconds: float, busy_ms: float) -> tuple[float, list[float]]:
    """Return CPU seconds of the relay's process per second, and every delay."""
    pipe, other = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(other, busy_ms))
    process.start()
    legs = [_open(pipe) for _ in range(calls)]
    pipe.send(None)
    try:
        _talk(legs, WARM_UP_S)
        for leg in legs:
            leg.delays_s.clear()
        pipe.send(True)
        before, began = pipe.recv(), monotonic()
        _talk(legs, seconds)
        pipe.send(True)
        used = (pipe.recv() - before) / (monotonic() - began)
        return used, [delay for leg in legs for delay in leg.delays_s]
    finally:
        pipe.send(False)
        process.join()


def _open(pipe: Connection) -> Leg:
    peer, pjsip = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    for each in (peer, pjsip):
        each.bind(("127.0.0.1", 0))
    identity = Identity()
    pipe.send((identity.fingerprint, peer.getsockname(), pjsip.getsockname()))
    leg = Leg(identity, peer, pjsip, pipe.recv())
    leg.shake_hands()
    return leg


def _talk(legs: list[Leg], seconds: float) -> None:
    poll = select.epoll()
    ears: dict[int, Callable[[], None]] = {}
    for leg in legs:
        for each in (leg.peer, leg.pjsip):
            poll.register(each, select.EPOLLIN)
            ears[each.fileno()] = lambda leg=leg, each=each: leg.hear(each)  # type: ignore[misc]
    began = monotonic()
    turns = round(seconds / PTIME_S * len(legs))
    for turn in range(turns):  # legs are spread over the 20 ms, as callers are
        due = began + turn * PTIME_S / len(legs)
        while (wait_s := due - monotonic()) > 0:
            for handle, _ in poll.poll(wait_s):
                ears[handle]()
        leg = legs[turn % len(legs)]
        leg.speak(SEQUENCES.setdefault(id(leg), 0))
        SEQUENCES[id(leg)] += 1
    sleep(PTIME_S)
    for handle, _ in poll.poll(0):
        ears[handle]()
    poll.close()


SEQUENCES: dict[int, int] = {}
"""The next packet of each leg: keys take none twice."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument(
        "--busy", type=float, nargs="+", default=[0.0, 1.0, 3.0], help="ms out of 10"
    )
    options = parser.parse_args()
    print("calls | held, ms of 10 | CPU, % of a core | delay ms: p50 | p99 | p99.9 | most")
    for busy_ms in options.busy:
        for calls in options.calls:
            used, delays = measure(calls, options.seconds, busy_ms)
            delays.sort()
            at = [delays[int(len(delays) * share)] * 1000 for share in (0.5, 0.99, 0.999)]
            shown = " | ".join(f"{each:.2f}" for each in (*at, delays[-1] * 1000))
            print(f"{calls} | {busy_ms:g} | {100 * used:.2f} | {shown}", flush=True)


if __name__ == "__main__":
    main()
