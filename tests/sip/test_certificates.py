"""What is wrong with the files of TLS is said before anything listens."""

from __future__ import annotations

from pathlib import Path

import pytest

from sipagent.errors import SipStartError
from sipagent.sip import certificates
from sipagent.sip.certificates import check_certificates
from sipagent.sip.security import TlsSettings
from tests.telephony.certificates import Authority, needs_openssl

pytestmark = needs_openssl


def settings(**files: object) -> TlsSettings:
    return TlsSettings.model_validate({name: str(file) for name, file in files.items()})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


def test_a_certificate_with_its_key_is_taken(authority: Authority) -> None:
    ours = authority.issue("ours")
    check_certificates(settings(certificate=ours.certificate, key=ours.key, ca=authority.ca))


def test_a_chain_is_taken(authority: Authority, tmp_path: Path) -> None:
    ours = authority.issue("chained")
    chain = tmp_path / "chain.pem"
    chain.write_bytes(Path(ours.certificate).read_bytes() + Path(authority.ca).read_bytes())
    check_certificates(settings(certificate=chain, key=ours.key))


def test_a_key_of_another_certificate_is_named(authority: Authority) -> None:
    ours, other = authority.issue("ours"), authority.issue("other")
    says = f"^sip.tls.key: {other.key} is not the key of {ours.certificate}$"
    with pytest.raises(SipStartError, match=says):
        check_certificates(settings(certificate=ours.certificate, key=other.key))


def test_an_expired_certificate_is_named(authority: Authority) -> None:
    old = authority.issue("old", has_expired=True)
    with pytest.raises(SipStartError, match=f"^sip.tls.certificate: {old.certificate} has expired"):
        check_certificates(settings(certificate=old.certificate, key=old.key))


@pytest.mark.parametrize("broken", ["certificate", "key", "ca"])
def test_a_file_that_is_not_there_is_named(
    broken: str, authority: Authority, tmp_path: Path
) -> None:
    ours = authority.issue("ours")
    files = {"certificate": ours.certificate, "key": ours.key, "ca": authority.ca}
    missing = tmp_path / "missing.pem"
    with pytest.raises(SipStartError) as caught:
        check_certificates(settings(**(files | {broken: missing})))
    assert str(caught.value) == f"sip.tls.{broken}: {missing}: No such file or directory"


@pytest.mark.parametrize("broken", ["certificate", "key", "ca"])
def test_a_file_that_is_something_else_is_named(
    broken: str, authority: Authority, tmp_path: Path
) -> None:
    ours = authority.issue("ours")
    files = {"certificate": ours.certificate, "key": ours.key, "ca": authority.ca}
    other = tmp_path / "notes.txt"
    other.write_text("not PEM")
    with pytest.raises(SipStartError, match=f"^sip.tls.{broken}: {other} holds no "):
        check_certificates(settings(**(files | {broken: other})))


def test_more_roots_than_a_handshake_can_name_are_refused(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, roots = authority.issue("ours"), tmp_path / "roots.pem"
    other = Authority(tmp_path, "other root")
    roots.write_text(Path(authority.ca).read_text() + Path(other.ca).read_text())
    check_certificates(settings(certificate=ours.certificate, key=ours.key, ca=roots))
    monkeypatch.setattr(certificates, "MOST_ROOTS", 1)
    with pytest.raises(SipStartError, match=f"^sip.tls.ca: {roots} holds 2 certificates"):
        check_certificates(settings(certificate=ours.certificate, key=ours.key, ca=roots))
