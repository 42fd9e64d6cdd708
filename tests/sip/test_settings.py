from __future__ import annotations

import pytest
from pydantic import ValidationError

from sipagent.sip.settings import SipSettings


def test_the_defaults_are_whole() -> None:
    settings = SipSettings()
    assert settings.port == 5060
    assert settings.transports == ("udp", "tcp")
    assert settings.codecs == ("PCMU", "PCMA", "G722")


def test_what_is_asserted_is_believed_of_trusted_trunks_or_of_everybody() -> None:
    trunks = [{"name": "pbx", "trust_asserted_identity": True}, {"name": "other"}]
    settings = SipSettings.model_validate({"trunks": trunks})
    assert [settings.trusts(name) for name in ("pbx", "other", "")] == [True, False, False]
    assert SipSettings(trust_asserted_identity=True).trusts("")


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("rtp_ports", (30_001, 31_000), "even port"),
        ("rtp_ports", (30_000, 30_010), "4 ports per call: 16, not 11"),
        ("rtp_ports", (31_000, 30_000), "4 ports per call"),
        ("transports", (), "transports"),
        ("transports", ("tls",), "certificate and key"),
        ("tls", {"verify_client": True}, "tls.verify_client needs tls.ca"),
        ("srtp", {"mode": "maybe"}, "srtp.mode"),
        ("srtp", {"keying": ()}, "srtp.keying"),
        ("session_timers", {"expires_s": 89}, "session_timers.expires_s"),
        ("session_timers", {"expires_s": 100, "min_se_s": 200}, "not be less than min_se_s"),
        ("prack", "maybe", "prack"),
        ("codecs", (), "codecs"),
        ("codecs", ("OPUS",), "codecs"),
        ("port", 65_536, "port"),
        ("max_calls", 0, "max_calls"),
        ("prot", 5060, "prot"),
    ],
)
def test_what_cannot_work_is_named(key: str, value: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        SipSettings.model_validate({key: value})
