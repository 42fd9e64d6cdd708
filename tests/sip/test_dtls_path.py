"""Two paths talk to each other; what is lost, late or foreign is decided here, not by a network."""

from __future__ import annotations

import struct
from time import monotonic, sleep

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from sipagent.sip.dtls_dialog import Agreed, Role
from sipagent.sip.dtls_handshake import LARGEST_DATAGRAM_BYTES, Identity, digest_of, fits
from sipagent.sip.dtls_partner import SILENT_S, TURN_S
from sipagent.sip.dtls_path import (
    HANDSHAKE_LIMIT_S,
    MOST_SOURCES,
    NO_HANDSHAKE,
    PEER_PER_S,
    STRANGER_PACKETS,
    STRANGERS_PER_S,
    WRONG_CERTIFICATE,
    DtlsPath,
)
from sipagent.sip.dtls_sdp import HASHES, Address

OURS, THEIRS = Identity(), Identity()
HERE, THERE, ELSEWHERE = ("192.0.2.1", 4_000), ("192.0.2.2", 5_000), ("198.51.100.9", 6_000)
RTCP = struct.pack("!BBHI", 0x80, 200, 1, 0x5EED)


def rtp(sequence: int) -> bytes:
    return struct.pack("!BBHII", 0x80, 0, sequence, sequence * 160, 0x5EED) + bytes(160)


def told(identity: Identity) -> tuple[tuple[str, str], ...]:
    function, _, digest = identity.fingerprint.partition(" ")
    return ((function, digest),)


class End:
    """One path, and where its datagrams go."""

    def __init__(self, identity: Identity, address: Address) -> None:
        self.address, self.sent, self.heard = address, list[tuple[bytes, Address]](), list[bytes]()
        self.path = DtlsPath(
            identity,
            is_rtcp=False,
            to_peer=lambda data, to: self.sent.append((data, to)),
            to_pjsip=lambda data, _: self.heard.append(data),
        )

    def agree(
        self, role: Role, of: Identity, at: Address, *, association: int = 1, now: float = 0.0
    ) -> None:
        agreed = Agreed("dtls", role, told(of), at, at, True, association)
        self.path.agree(agreed, now=now)

    def say(self, packet: bytes) -> list[bytes]:
        """Return what goes out for a packet of PJSIP's."""
        self.path.from_pjsip(packet, is_rtcp=packet == RTCP)
        sent, self.sent = self.sent, []
        return [data for data, _ in sent]

    def take(self, *datagrams: bytes, source: Address, now: float = 0.0) -> None:
        for datagram in datagrams:
            self.path.from_peer(datagram, source, now=now)


def exchange(one: End, other: End, *, now: float = 0.0) -> None:
    """Carry datagrams until neither has any."""
    while one.sent or other.sent:
        for end, peer in ((one, other), (other, one)):
            sent, end.sent = end.sent, []
            peer.take(*(data for data, _ in sent), source=end.address, now=now)


def ends() -> tuple[End, End]:
    return End(OURS, HERE), End(THEIRS, THERE)


def joined() -> tuple[End, End]:
    us, them = ends()
    them.agree("server", OURS, HERE)
    us.agree("client", THEIRS, THERE)
    exchange(us, them)
    return us, them


def test_keys_fit_both_ways_after_a_handshake() -> None:
    us, them = joined()
    assert us.path.has_keys
    assert us.path.deadline() is None
    for packet in (rtp(1), RTCP):
        (encrypted,) = us.say(packet)
        assert encrypted != packet
        them.take(encrypted, source=HERE)
        us.take(*them.say(packet), source=THERE)
    assert us.heard == them.heard == [rtp(1), RTCP]


def test_nothing_is_sent_or_heard_before_the_handshake() -> None:
    us, _ = ends()
    us.agree("server", THEIRS, THERE)
    assert us.say(rtp(1)) == []
    us.take(rtp(1), source=THERE)
    assert us.heard == []


def test_what_is_lost_is_sent_again() -> None:
    us, them = ends()
    them.agree("server", OURS, HERE, now=monotonic())
    us.agree("client", THEIRS, THERE, now=monotonic())
    us.sent.clear()
    while not us.sent:  # OpenSSL has a clock of its own
        due = us.path.deadline()
        assert due is not None
        assert due - monotonic() < 1.1
        sleep(max(0.0, due - monotonic()))
        us.path.expire(now=monotonic())
    exchange(us, them)
    assert us.path.has_keys


def test_a_first_flight_that_comes_before_the_answer_is_not_lost() -> None:
    us, them = ends()
    them.agree("client", OURS, HERE)
    exchange(them, us)
    us.agree("server", THEIRS, THERE)
    exchange(us, them)
    assert us.path.has_keys
    assert them.path.has_keys


def test_replayed_garbled_and_plain_packets_are_dropped() -> None:
    us, them = joined()
    (encrypted,) = them.say(rtp(1))
    us.take(encrypted, encrypted, source=THERE)
    garbled = encrypted[:-1] + bytes([encrypted[-1] ^ 1])
    us.take(garbled, rtp(2), b"", b"\x80", b"\x00" * 20, b"\x17" * 60, source=THERE)
    us.take(b"\xff" * 1_600, source=THERE)
    assert us.heard == [rtp(1)]


def test_a_peer_is_followed_to_where_its_keys_come_from() -> None:
    us, them = joined()
    us.take(rtp(7), source=ELSEWHERE)
    assert us.path.remote == THERE
    us.take(*them.say(rtp(1)), source=ELSEWHERE)
    assert us.path.remote == ELSEWHERE
    assert us.path.source == ELSEWHERE


def test_another_certificate_than_signalled_is_never_heard() -> None:
    us, them = ends()
    them.agree("server", OURS, HERE)
    us.agree("client", Identity(), THERE)
    exchange(us, them)
    assert us.path.failure == WRONG_CERTIFICATE
    us.take(*them.say(rtp(1)), source=THERE)
    assert us.heard == []
    assert us.say(rtp(1)) == []


def test_a_stranger_s_certificate_is_no_end_while_the_peer_may_come() -> None:
    us, them = ends()
    stranger = End(Identity(), ELSEWHERE)
    us.agree("server", THEIRS, THERE)
    stranger.agree("client", OURS, HERE)
    hello = list(stranger.sent)
    exchange(stranger, us)
    assert us.path.remote == THERE  # it is not even answered before the peer had its time
    stranger.sent = hello
    exchange(stranger, us, now=SILENT_S)
    assert (us.path.failure, us.path.has_keys, us.path.remote) == ("", False, ELSEWHERE)
    them.agree("client", OURS, HERE)
    exchange(them, us)
    assert us.path.has_keys


def test_whoever_speaks_first_does_not_keep_the_peer_from_being_asked() -> None:
    us, them = ends()
    us.agree("client", THEIRS, THERE)
    us.sent.clear()  # lost
    us.take(b"\x16\xfe\xfd" + bytes(60), source=ELSEWHERE, now=SILENT_S)
    assert us.path.remote == ELSEWHERE
    us.sent.clear()
    assert us.path.deadline() is not None
    us.path.expire(now=SILENT_S + TURN_S)
    assert us.path.remote == THERE
    them.agree("server", OURS, HERE)
    exchange(us, them, now=SILENT_S + TURN_S)
    assert us.path.has_keys


def test_a_peer_behind_a_translator_is_heard_at_once() -> None:
    us, them = ends()
    us.agree("server", THEIRS, ("192.168.1.5", 5_000))
    them.agree("client", OURS, HERE)
    exchange(them, us)
    assert us.path.has_keys
    assert us.path.remote == THERE


def test_no_more_of_strangers_is_looked_at_than_a_peer_that_moved_sends() -> None:
    us, them = joined()
    moved, here = them.say(rtp(1)), them.say(rtp(2))
    us.take(*(b"\x80" * 20,) * int(STRANGERS_PER_S), source=("203.0.113.7", 7), now=0.0)
    us.take(*moved, source=ELSEWHERE, now=0.0)
    us.take(*here, source=THERE, now=0.0)
    assert us.heard == [rtp(2)]
    us.take(*moved, source=ELSEWHERE, now=0.1)
    assert us.heard == [rtp(2), rtp(1)]


def test_a_peer_that_was_held_up_loses_nothing_and_one_that_floods_is_bounded() -> None:
    us, them = joined()
    late = [packet for number in range(100) for packet in them.say(rtp(number))]
    us.take(*late, source=THERE, now=0.0)
    assert len(us.heard) == 100
    us.take(*(b"\x80" * 20,) * int(PEER_PER_S), source=THERE, now=0.0)
    us.take(*them.say(rtp(100)), source=THERE, now=0.0)
    assert len(us.heard) == 100


def test_a_handshake_that_never_comes_ends_the_call() -> None:
    us, _ = ends()
    us.agree("server", THEIRS, THERE)
    assert us.path.deadline() == HANDSHAKE_LIMIT_S
    us.path.expire(now=HANDSHAKE_LIMIT_S - 0.1)
    assert us.path.failure == ""
    us.path.expire(now=HANDSHAKE_LIMIT_S)
    assert us.path.failure == NO_HANDSHAKE
    assert us.path.deadline() is None


def test_the_keys_there_are_serve_until_others_come() -> None:
    us, them = joined()
    us.agree("client", THEIRS, ELSEWHERE, association=2)  # moved; and keeps its association
    us.take(*them.say(rtp(1)), source=ELSEWHERE)
    assert us.heard == [rtp(1)]
    us.path.expire(now=HANDSHAKE_LIMIT_S)
    assert us.path.failure == ""


def test_the_keys_of_somebody_else_end_with_the_new_fingerprint() -> None:
    us, them = joined()
    other = End(Identity(), ELSEWHERE)
    us.agree("server", other.path._identity, ELSEWHERE, association=2)
    us.take(*them.say(rtp(1)), source=THERE)
    assert us.heard == []
    other.agree("client", OURS, HERE)
    exchange(other, us)
    us.take(*other.say(rtp(2)), source=ELSEWHERE)
    assert us.heard == [rtp(2)]


def test_plain_audio_goes_through_and_a_stranger_s_only_after_a_while() -> None:
    us, _ = ends()
    us.path.agree(Agreed("plain", "client", (), THERE, THERE, False, 0), now=0.0)
    us.take(rtp(1), source=THERE)
    us.take(*(rtp(9),) * (STRANGER_PACKETS - 1), source=ELSEWHERE)
    assert (us.heard, us.path.remote) == ([rtp(1)], THERE)
    us.take(rtp(2), source=ELSEWHERE)
    assert (us.heard, us.path.remote) == ([rtp(1), rtp(2)], ELSEWHERE)
    assert us.say(rtp(3)) == [rtp(3)]


def test_a_name_is_not_looked_up_but_its_owner_may_speak_first() -> None:
    us, them = ends()
    us.agree("server", THEIRS, ("phone.example.org", 5_000))
    assert us.path.remote is None
    them.agree("client", OURS, HERE)
    exchange(them, us)
    assert us.path.has_keys
    assert us.path.remote == THERE


def test_certificates_are_sent_in_pieces_that_every_path_carries() -> None:
    us, them = ends()
    them.agree("server", OURS, HERE)
    us.agree("client", THEIRS, THERE)
    sizes = []
    while us.sent or them.sent:
        sizes += [len(data) for data, _ in (*us.sent, *them.sent)]
        for end, peer in ((us, them), (them, us)):
            sent, end.sent = end.sent, []
            peer.take(*(data for data, _ in sent), source=end.address)
    assert max(sizes) <= LARGEST_DATAGRAM_BYTES


@pytest.mark.parametrize("function", HASHES)
def test_fingerprints_of_every_hash_function(function: str) -> None:
    us, them = joined()
    assert us.path._handshake is not None
    certificate = us.path._handshake.certificate()
    assert certificate is not None
    digest = digest_of(certificate, function)
    assert fits(certificate, [(function, digest)])
    assert fits(certificate, [(function, "00"), (function, digest)])
    assert not fits(certificate, [(function, "00")])
    assert not fits(certificate, [])
    # The best function that is known decides.
    better = HASHES[max(0, HASHES.index(function) - 1)]
    if better != function:
        assert not fits(certificate, [(better, "00"), (function, digest)])
    del them


@settings(max_examples=50)
@given(
    st.binary(max_size=80), st.sampled_from([b"", b"\x16\xfe\xfd", b"\x15\xfe\xfd", b"\x80\x00"])
)
def test_garbage_is_never_an_error(tail: bytes, head: bytes) -> None:
    us, _ = joined()
    waiting: list[End] = [us]
    roles: tuple[Role, ...] = ("client", "server")
    for role in roles:
        end, _ = ends()
        end.agree(role, THEIRS, THERE)
        waiting.append(end)
    for end in waiting:
        end.take(head + tail, tail, source=THERE)
        assert end.path.failure == ""
        assert end.heard == []


def test_data_that_nobody_wants_does_not_pile_up() -> None:
    us, them = joined()
    ours, theirs = (end.path._handshake._connection for end in (us, them))  # type: ignore[union-attr]
    for _ in range(50):
        theirs.send(bytes(1_000))
        us.take(theirs.bio_read(65_536), source=THERE)
    with pytest.raises(SSL.WantReadError):
        ours.recv(1)


def test_a_peer_cannot_have_a_stream_kept_for_every_ssrc_there_is() -> None:
    us, them = joined()
    for ssrc in range(2 * MOST_SOURCES):
        packet = struct.pack("!BBHII", 0x80, 0, 1, 160, ssrc) + bytes(160)
        us.take(*them.say(packet), source=THERE)
    assert len(us.heard) == us.path.dropped == MOST_SOURCES
    us.take(*them.say(struct.pack("!BBHII", 0x80, 0, 2, 320, 0) + bytes(160)), source=THERE)
    assert len(us.heard) == MOST_SOURCES + 1
