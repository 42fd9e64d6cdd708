"""One DTLS handshake that agrees on the keys of SRTP: datagrams in, datagrams out.

RFC 5764 section 4: the extension ``use_srtp`` and the exporter ``EXTRACTOR-dtls_srtp``. Lost
flights are sent again by OpenSSL's timer (RFC 6347 section 4.2.4), which the owner asks for.
Whether the peer is who its description said is decided by :func:`fits` (RFC 5763 section 5).

No sockets and no threads; OpenSSL itself reads the clock for its timer.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

from .dtls_dialog import Role
from .dtls_sdp import HASHES

LARGEST_DATAGRAM_BYTES = 1_200
"""Of a handshake; certificates are sent in pieces."""

RECORD_HEADER_BYTES = 13
LARGEST_DATA_BYTES = 16_384
"""Of a record (RFC 6347 section 4.1)."""

REPLAY_WINDOW_PACKETS = 1_024

LABEL = b"EXTRACTOR-dtls_srtp"

CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    b"ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA"
)
"""Those with ECDSA are ours; RSA is for servers with such a certificate."""


_ALGORITHMS: dict[str, hashes.HashAlgorithm] = {
    "sha-1": hashes.SHA1(),
    "sha-224": hashes.SHA224(),
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """One protection profile (RFC 5764 section 4.1.2, RFC 7714 section 14.2)."""

    name: bytes
    policy: int
    key_bytes: int
    salt_bytes: int


PROFILES = (
    Profile(b"SRTP_AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    Profile(b"SRTP_AES128_CM_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
    Profile(b"SRTP_AEAD_AES_256_GCM", Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12),
)


@cache
def known_profiles() -> tuple[Profile, ...]:
    """Return those that this libsrtp was built with."""
    known = []
    for profile in PROFILES:
        try:
            Policy(srtp_profile=profile.policy)
        except SrtpError:
            continue
        known.append(profile)
    return tuple(known)


class Identity:
    """Our certificate, made for this process; it is worth what its fingerprint in SDP is worth."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, secrets.token_hex(8))])
        now = datetime.now(tz=UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1))
        certificate = builder.not_valid_after(now + timedelta(days=3_650)).sign(
            key, hashes.SHA256()
        )
        context = SSL.Context(SSL.DTLS_METHOD)
        # Whose certificate it is, its fingerprint tells, and nobody signs it.
        verify = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
        context.set_verify(verify, lambda *_: True)
        context.set_options(SSL.OP_NO_RENEGOTIATION)  # the keys there are stay
        context.use_certificate(certificate)
        context.use_privatekey(key)
        context.set_cipher_list(CIPHERS)
        context.set_tlsext_use_srtp(b":".join(each.name for each in known_profiles()))
        self.context = context
        self.fingerprint = f"sha-256 {digest_of(certificate, 'sha-256')}"
        """As ``a=fingerprint`` has it."""


def digest_of(certificate: x509.Certificate, function: str) -> str:
    """Return the fingerprint of a certificate by one of ``HASHES``."""
    return certificate.fingerprint(_ALGORITHMS[function]).hex(":").upper()


def fits(certificate: x509.Certificate, fingerprints: Sequence[tuple[str, str]]) -> bool:
    """Tell whether a certificate has one of the fingerprints of the best hash function there is."""
    for function in HASHES:
        values = {value for each, value in fingerprints if each == function}
        if values:
            return digest_of(certificate, function) in values
    return False


class Handshake:
    """One association.

    Args:
        identity: Ours.
        role: Ours.
    """

    def __init__(self, identity: Identity, role: Role) -> None:
        self._role = role
        self._connection = SSL.Connection(identity.context, None)
        self._connection.set_ciphertext_mtu(LARGEST_DATAGRAM_BYTES)
        if role == "client":
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()
        self.is_done = False
        self.error = ""
        """Why it cannot be had; ``""``: it goes on, or is done."""

    def start(self) -> list[bytes]:
        """Return the first datagrams of a client; none of a server."""
        return self._advance()

    def receive(self, datagram: bytes) -> list[bytes]:
        """Take a datagram of the peer's; return what is to be sent."""
        self._connection.bio_write(datagram)
        if self.is_done:
            self._read()  # a flight sent again is answered by ours, again
            return self._written()
        return self._advance()

    def wait_s(self) -> float | None:
        """Return how long to wait before :meth:`expire`; None: for ever."""
        if self.is_done or self.error:
            return None
        wait_s = self._connection.DTLSv1_get_timeout()
        return None if wait_s is None else float(wait_s)

    def expire(self) -> list[bytes]:
        """Return the last flight once more, if its answer is late."""
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error as error:
            self._failed(error)
        return self._written()

    def certificate(self) -> x509.Certificate | None:
        """Return the peer's."""
        return self._connection.get_peer_certificate(as_cryptography=True)

    def sessions(self) -> tuple[Session, Session] | None:
        """Return what decrypts and what encrypts, None if no profile was agreed on."""
        name = self._connection.get_selected_srtp_profile()
        profile = next((each for each in known_profiles() if each.name == name), None)
        if profile is None:
            return None
        key, salt = profile.key_bytes, profile.salt_bytes
        material = self._connection.export_keying_material(LABEL, 2 * (key + salt))
        keys = [
            material[at * key : (at + 1) * key]
            + material[2 * key + at * salt : 2 * key + (at + 1) * salt]
            for at in (0, 1)
        ]
        client, server = keys
        theirs, ours = (server, client) if self._role == "client" else (client, server)
        inbound = _policy(profile, theirs, Policy.SSRC_ANY_INBOUND)
        return Session(inbound), Session(_policy(profile, ours, Policy.SSRC_ANY_OUTBOUND))

    def _advance(self) -> list[bytes]:
        try:
            self._connection.do_handshake()
            self.is_done = True
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            self._failed(error)
        return self._written()

    def _read(self) -> None:
        try:
            while self._connection.recv(LARGEST_DATA_BYTES):
                pass  # data of a peer's own: nobody wants it, and unread it would pile up
        except SSL.Error:
            pass  # nothing to read, or the peer said that it is over: signalling says so too

    def _failed(self, error: Exception) -> None:
        reasons: Any = error.args[0] if error.args else ()
        named = [str(each[-1]) for each in reasons] if isinstance(reasons, list) else []
        self.error = "; ".join(filter(None, named)) or type(error).__name__

    def _written(self) -> list[bytes]:
        written = bytearray()
        while True:
            try:
                written += self._connection.bio_read(65_536)
            except SSL.Error:
                return _datagrams(bytes(written))


def _policy(profile: Profile, key: bytes, ssrc: int) -> Policy:
    policy = Policy(key=key, ssrc_type=ssrc, srtp_profile=profile.policy)
    policy.window_size = REPLAY_WINDOW_PACKETS
    policy.allow_repeat_tx = True  # PJSIP sends the same telephone event again (RFC 4733)
    return policy


def _datagrams(written: bytes) -> list[bytes]:
    """Return records, packed into datagrams: a memory BIO does not keep them apart."""
    datagrams: list[bytes] = []
    while written:
        end = RECORD_HEADER_BYTES + int.from_bytes(written[11:13], "big")
        record, written = written[:end], written[end:]
        if datagrams and len(datagrams[-1]) + len(record) <= LARGEST_DATAGRAM_BYTES:
            datagrams[-1] += record
        else:
            datagrams.append(record)
    return datagrams
