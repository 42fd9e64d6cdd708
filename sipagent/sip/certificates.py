"""Whether the files of ``[sip.tls]`` can work, asked before PJSIP is: it says little of why not.

Our certificate has to be taken by somebody who trusts nobody but its own file: a handshake with
ourselves, in memory, finds a key of another certificate, a wrong order, or a time that is over.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from sipagent.errors import SipStartError

from .security import TlsSettings

MOST_ROOTS = 50
"""PJSIP names every root in each handshake that it answers. With 80 of the usual ones that is more
than it can send, and it waits for ever; the list of a whole system has 144 (Debian 12)."""

_TIMES = {9: "is not valid yet", 10: "has expired"}
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""


def check_certificates(settings: TlsSettings) -> None:
    """Look at certificate, key and roots.

    Raises:
        SipStartError: If one is missing, unreadable or no PEM, if certificate and key do not belong
            together, or if the certificate is not valid now; names the setting and the file.
    """
    for setting in ("certificate", "key", "ca"):
        file = getattr(settings, setting)
        if file:
            _check_readable(setting, file)
    _check_handshake(settings, _server(settings))
    if settings.ca:
        _check_roots(settings.ca)


def _check_roots(file: str) -> None:
    try:
        roots = ssl.create_default_context(cafile=file).cert_store_stats()["x509"]
    except ssl.SSLError:
        raise SipStartError(f"sip.tls.ca: {file} holds no certificate") from None
    if roots > MOST_ROOTS:
        why = f"{file} holds {roots} certificates, more than {MOST_ROOTS}"
        raise SipStartError(f"sip.tls.ca: {why}: name those you trust")


def _check_readable(setting: str, file: str) -> None:
    try:
        Path(file).read_bytes()
    except OSError as error:
        raise SipStartError(f"sip.tls.{setting}: {file}: {error.strerror}") from None


def _server(settings: TlsSettings) -> ssl.SSLContext:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        server.load_cert_chain(settings.certificate, settings.key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            why = f"{settings.key} is not the key of {settings.certificate}"
            raise SipStartError(f"sip.tls.key: {why}") from None
        setting = "certificate" if _is_no_certificate(settings.certificate) else "key"
        file = getattr(settings, setting)
        raise SipStartError(f"sip.tls.{setting}: {file} holds no {setting} in PEM") from None
    except _HasPassword:
        raise SipStartError(f"sip.tls.key: {settings.key} has a password") from None
    return server


def _check_handshake(settings: TlsSettings, server: ssl.SSLContext) -> None:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # our certificate itself is the root
    client.load_verify_locations(cafile=settings.certificate)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    for _ in range(3):  # TLS 1.3 takes one round trip and a half
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLCertVerificationError as error:
                why = _TIMES.get(error.verify_code, error.verify_message)
                raise SipStartError(f"sip.tls.certificate: {settings.certificate} {why}") from None


class _HasPassword(Exception):
    pass


def _no_password() -> str:
    raise _HasPassword


def _is_no_certificate(file: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except ssl.SSLError:
        return True
    return False
