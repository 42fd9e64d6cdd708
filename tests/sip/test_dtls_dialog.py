from __future__ import annotations

import pytest

from sipagent.sip.dtls_dialog import Agreed, DtlsDialog, RelayPorts
from sipagent.sip.dtls_sdp import IN_THE_CLEAR, audio_sections
from sipagent.sip.sdes_dialog import SdesDialog
from sipagent.sip.security import SrtpSettings

PORTS = RelayPorts((6_000, 6_001), ("127.0.0.1", 7_000), ("127.0.0.1", 7_003))
OURS = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\na=rtcp:4001 IN IP4 192.0.2.1\r\n"
KEYS = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"


def dialog(mode: str = "required", *keying: str) -> DtlsDialog:
    srtp = SrtpSettings.model_validate({"mode": mode, "keying": keying or ("dtls",)})
    return DtlsDialog(srtp, "sha-256 AA:AA", PORTS)


def theirs(
    setup: str = "actpass",
    *,
    host: str = "192.0.2.5",
    port: int = 5_000,
    digest: str = "BB",
    more: str = "",
) -> str:
    return (
        f"v=0\r\nc=IN IP4 {host}\r\nm=audio {port} UDP/TLS/RTP/SAVP 0\r\n"
        f"a=fingerprint:sha-256 {digest}\r\na=setup:{setup}\r\n{more}"
    )


def setup_of(sdp: str) -> str:
    return audio_sections(sdp)[0].setup


def agreed(dialog: DtlsDialog) -> Agreed:
    assert dialog.agreed is not None
    return dialog.agreed


@pytest.mark.parametrize(
    ("offer", "answer", "role"),
    [
        ("actpass", "active", "client"),
        ("passive", "active", "client"),
        ("active", "passive", "server"),
    ],
)
def test_who_begins_the_handshake_of_a_call_to_us(offer: str, answer: str, role: str) -> None:
    each = dialog()
    assert "m=audio 7000 RTP/AVP 0" in each.offered(theirs(offer))
    assert (each.way, each.agreed) == ("dtls", None)
    shown = each.answers(OURS)
    assert setup_of(shown) == answer
    assert "m=audio 6000 UDP/TLS/RTP/SAVP 0" in shown
    assert "a=fingerprint:sha-256 AA:AA" in shown
    assert (agreed(each).role, agreed(each).rtcp) == (role, ("192.0.2.5", 5_001))


@pytest.mark.parametrize(("answer", "role"), [("active", "server"), ("passive", "client")])
def test_who_begins_the_handshake_of_a_call_of_ours(answer: str, role: str) -> None:
    each = dialog()
    assert setup_of(each.offers(OURS)) == "actpass"
    assert "m=audio 7000 RTP/AVP 0" in each.answered(theirs(answer, more="a=rtcp-mux\r\n"))
    assert (agreed(each).role, agreed(each).is_muxed) == (role, True)
    assert agreed(each).rtcp == agreed(each).rtp


def test_an_answer_that_is_sent_again_is_the_same() -> None:
    each = dialog()
    each.offered(theirs())
    first = each.answers(OURS)
    before = each.agreed
    assert (each.answers(OURS), each.agreed) == (first, before)


def test_a_new_offer_keeps_the_association_unless_it_comes_from_somebody_else() -> None:
    each = dialog()
    each.offered(theirs("active"))
    assert setup_of(each.answers(OURS)) == "passive"
    same = ("192.0.2.5", 5_000)
    for host, port, digest, association, answer in [
        (*same, "BB", 1, "passive"),  # a session refresh: in their words, who they are is open
        ("0.0.0.0", 5_000, "BB", 1, "passive"),  # hold
        (*same, "BB", 1, "passive"),
        (*same, "CC", 2, "active"),
        ("192.0.2.7", 5_000, "CC", 3, "active"),
    ]:
        each.offered(theirs(host=host, port=port, digest=digest))
        assert setup_of(each.answers(OURS)) == answer
        assert agreed(each).association == association
    each.offers(OURS)
    each.answered(theirs("passive", host="192.0.2.7", digest="CC"))
    assert agreed(each).association == 3


def test_a_refused_offer_changes_nothing() -> None:
    each = dialog()
    each.offered(theirs())
    each.answers(OURS)
    before = each.agreed
    each.offered(theirs(digest="CC"))
    assert each.agreed == before


def test_what_is_not_allowed_is_shown_as_what_pjsip_refuses() -> None:
    shown = dialog().offered(OURS)
    assert "m=audio 4000 UDP/TLS/RTP/SAVP 0" in shown
    each = dialog()
    each.offers(OURS)
    assert "m=audio 0 " in each.answered(OURS)
    assert (each.fault, each.agreed) == (IN_THE_CLEAR, None)


def test_a_callee_without_dtls_is_talked_to_in_the_clear_where_that_is_allowed() -> None:
    each = dialog("optional")
    assert "m=audio 6000 RTP/AVP 0" in each.offers(OURS)
    assert "m=audio 7000 RTP/AVP 0" in each.answered(OURS)
    assert (each.way, agreed(each).way) == ("plain", "plain")
    each.offered(theirs())
    each.answers(OURS)
    assert (agreed(each).way, agreed(each).association) == ("dtls", 1)


def test_keys_in_a_description_go_through_to_pjsip() -> None:
    each = dialog("required", "dtls", "sdes")
    sdes = OURS.replace("RTP/AVP", "RTP/SAVP") + KEYS
    shown = each.offered(sdes)
    assert "m=audio 7000 RTP/SAVP 0" in shown
    assert KEYS in shown
    shown = each.answers(sdes)
    assert "m=audio 6000 RTP/SAVP 0" in shown
    assert KEYS in shown
    assert "fingerprint" not in shown


def test_our_offers_of_keys_require_them_though_pjsip_does_not() -> None:
    each = SdesDialog(SrtpSettings(mode="required", keying=("sdes", "dtls")))
    offer = each.offers(OURS + KEYS)
    assert "m=audio 4000 RTP/SAVP 0" in offer
    assert each.answered(offer) == OURS + KEYS
    assert each.offered(offer) == each.answers(offer) == offer
    assert "UDP/TLS" in each.offered(OURS)
    assert "m=audio 0 " in each.answered(OURS)
    assert each.fault == IN_THE_CLEAR
