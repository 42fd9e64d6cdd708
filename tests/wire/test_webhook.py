"""Webhooks: whose signature is good, and what they say. The provider's own client is the judge."""

from __future__ import annotations

import string
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import InvalidWebhookSignatureError, OpenAI
from openai.types.webhooks import RealtimeCallIncomingWebhookEvent
from openai.types.webhooks.realtime_call_incoming_webhook_event import Data, DataSipHeader

from sipagent.errors import WebhookRefused, WireError
from sipagent.wire.webhook import (
    TOLERANCE_S,
    IncomingCall,
    read_webhook,
    secret_to_key,
    sign,
    verify,
    webhook_body,
)

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
NOW = 1_700_000_000
BODY = b'{"a":1}'
SIGNATURE = "v1,8A9HJHW4xbfVNQAPZ0Sg6gydB3WLV/uVWzIUcIlYqhk="
CALL = IncomingCall(
    "evt_1",
    NOW,
    "rtc_1",
    (("From", '"Zoë" <sip:+49301@example.com>'), ("Via", "a"), ("Via", "b"), ("X-Empty", "")),
    "srtp",
)

words = st.text(string.ascii_letters + string.digits + "_-.", min_size=1, max_size=30)
bare_secrets = words.filter(lambda text: not text.startswith("whsec_"))
coded_secrets = st.binary(min_size=1, max_size=64).map(
    lambda key: f"whsec_{b64encode(key).decode()}"
)
secrets = bare_secrets | coded_secrets
bodies = st.binary(max_size=200)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
calls = st.builds(
    IncomingCall,
    event_id=words,
    created_at=st.integers(0, 2**40),
    realtime_call_id=words,
    sip_headers=st.lists(st.tuples(texts, texts), max_size=5).map(tuple),
    media_security=st.sampled_from(["", "rtp", "srtp", "dtls"]),
)


def headers(
    signature: str = SIGNATURE, webhook_id: str = "wh_1", timestamp: object = NOW
) -> dict[str, str]:
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }


def refusal(
    given: Mapping[str, str],
    body: bytes = BODY,
    *,
    among: tuple[str, ...] = (SECRET,),
    now: float = NOW,
) -> str:
    """Return why a message is refused."""
    with pytest.raises(WebhookRefused) as caught:
        verify(among, given, body, now=now)
    return caught.value.reason


def test_the_known_message_has_the_known_signature() -> None:
    assert sign(SECRET, "wh_1", NOW, BODY) == SIGNATURE
    assert verify([SECRET], headers(), BODY, now=NOW) == "wh_1"


@given(secrets, words, st.integers(0, 10**12 - 1), bodies)
def test_what_was_signed_is_verified(
    secret: str, webhook_id: str, timestamp: int, body: bytes
) -> None:
    given = headers(sign(secret, webhook_id, timestamp, body), webhook_id, timestamp)
    assert verify([secret], given, body, now=timestamp) == webhook_id


@given(bodies, bodies)
def test_another_body_is_refused(body: bytes, other: bytes) -> None:
    if body != other:
        assert refusal(headers(sign(SECRET, "wh_1", NOW, body)), other) == "bad_signature"


@given(st.binary(min_size=1, max_size=100), st.data())
def test_a_changed_byte_of_the_body_is_refused(body: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(body) - 1))
    changed = bytearray(body)
    changed[at] ^= data.draw(st.integers(1, 255))
    assert refusal(headers(sign(SECRET, "wh_1", NOW, body)), bytes(changed)) == "bad_signature"


@given(words, words)
def test_another_id_is_refused(webhook_id: str, other: str) -> None:
    if webhook_id != other:
        signature = sign(SECRET, webhook_id, NOW, BODY)
        assert refusal(headers(signature, other)) == "bad_signature"


@given(st.integers(-TOLERANCE_S, TOLERANCE_S).filter(bool))
def test_another_timestamp_is_refused_even_if_it_is_near(off_s: int) -> None:
    assert refusal(headers(timestamp=NOW + off_s)) == "bad_signature"


def test_the_timestamp_is_signed_as_it_is_written() -> None:
    assert refusal(headers(timestamp=f"0{NOW}")) == "bad_signature"


@given(secrets, secrets)
def test_another_secret_is_refused(secret: str, other: str) -> None:
    if secret_to_key(secret) != secret_to_key(other):
        given = headers(sign(secret, "wh_1", NOW, BODY))
        assert refusal(given, among=(other,)) == "bad_signature"


def test_the_parts_of_a_message_cannot_be_shifted() -> None:
    given = headers(sign(SECRET, "a.1", NOW, BODY), "a", f"1{NOW}")
    assert refusal(given, now=float(f"1{NOW}")) == "bad_signature"


@pytest.mark.parametrize("position", [0, 1, 2])
def test_any_of_several_secrets_may_have_signed(position: int) -> None:
    among = ["old", "older", "oldest"]
    among[position] = SECRET
    assert verify(among, headers(), BODY, now=NOW) == "wh_1"


@pytest.mark.parametrize(
    "signature",
    [
        f"v1,AAAA {SIGNATURE}",
        f"{SIGNATURE} v1,AAAA",
        f"v1a,AAAA v2,{SIGNATURE} {SIGNATURE}",
        f"  {SIGNATURE}  ",
    ],
)
def test_one_good_signature_among_several_is_enough(signature: str) -> None:
    assert verify([SECRET], headers(signature), BODY, now=NOW) == "wh_1"


@pytest.mark.parametrize(
    "signature",
    [
        SIGNATURE.replace("v1,", "v2,"),
        SIGNATURE.replace("v1,", "v1a,"),
        SIGNATURE.removeprefix("v1,"),
        SIGNATURE.replace("v1,", "V1,"),
        SIGNATURE.rstrip("="),
        SIGNATURE.lower(),
        "v1,",
        "v1, " + SIGNATURE.removeprefix("v1,"),
        "v1,\u00e9",
    ],
)
def test_only_whole_signatures_of_the_known_version_count(signature: str) -> None:
    assert refusal(headers(signature)) == "bad_signature"


@pytest.mark.parametrize("change", [str.upper, str.title, str.lower])
def test_names_of_headers_may_be_in_any_case(change: Any) -> None:
    given = {change(name): value for name, value in headers().items()}
    assert verify([SECRET], given, BODY, now=NOW) == "wh_1"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_is_missing_or_empty_is_told(name: str) -> None:
    rest = {key: value for key, value in headers().items() if key != name}
    assert refusal(rest) == "missing_header"
    assert refusal({**rest, name: ""}) == "missing_header"


@pytest.mark.parametrize(
    "timestamp", ["soon", "-1", "+1700000000", "1_700", " 1700000000", "17e8", "\u0661", "9" * 13]
)
def test_a_timestamp_must_be_a_number(timestamp: str) -> None:
    assert refusal(headers(timestamp=timestamp)) == "bad_timestamp"


@pytest.mark.parametrize("now", [NOW - 300, NOW - 299.5, NOW + 299.5, NOW + 300])
def test_a_clock_may_be_off_by_five_minutes(now: float) -> None:
    assert verify([SECRET], headers(), BODY, now=now) == "wh_1"


@pytest.mark.parametrize(
    ("now", "reason"),
    [(NOW - 300.1, "too_new"), (NOW - 301, "too_new"), (NOW + 300.1, "too_old"), (0, "too_new")],
)
def test_and_by_no_more(now: float, reason: str) -> None:
    assert refusal(headers(), now=now) == reason


@pytest.mark.parametrize("among", [(), ("",), ("whsec_",), ("whsec_?",), ("two words", "\u00e9")])
def test_nobody_is_let_in_without_a_secret(among: tuple[str, ...]) -> None:
    empty = headers("v1," + b64encode(b"").decode())
    assert refusal(empty, among=among) == "no_secret"


def test_what_is_no_secret_does_not_hide_one_that_is() -> None:
    assert verify(["", "whsec_?", SECRET], headers(), BODY, now=NOW) == "wh_1"


@pytest.mark.parametrize(
    "secret", ["", " ", "a b", "\u00e9", "whsec_", "whsec_a", "whsec_a-_=", "whsec_YW-Jj"]
)
def test_nothing_is_signed_with_what_is_no_secret(secret: str) -> None:
    with pytest.raises(ValueError, match="must be") as caught:
        sign(secret, "wh_1", NOW, BODY)
    assert len(secret) <= len("whsec_") or secret not in str(caught.value)


@given(
    st.dictionaries(
        st.sampled_from(["Webhook-Id", "webhook-timestamp", "webhook-signature", "x"]),
        st.text(max_size=20) | st.sampled_from([str(NOW), SIGNATURE, "wh_1"]),
    ),
    bodies,
)
def test_no_message_is_a_traceback(given: dict[str, str], body: bytes) -> None:
    try:
        assert verify([SECRET], given, body, now=NOW) == "wh_1"
    except WebhookRefused as refused:
        assert refused.reason != "no_secret"


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return False

    monkeypatch.setattr("sipagent.wire.webhook.hmac.compare_digest", compare)
    assert refusal(headers(f"v1,AAAA {SIGNATURE}")) == "bad_signature"
    assert {each for pair in compared for each in pair} == {"v1,AAAA", SIGNATURE}


@given(calls)
def test_a_call_survives_its_message(call: IncomingCall) -> None:
    assert read_webhook(webhook_body(call)) == call


def test_what_is_not_known_of_the_media_is_not_said() -> None:
    unknown = orjson.loads(webhook_body(replace(CALL, media_security="")))
    assert "sip_media_security" not in unknown["data"]
    assert orjson.loads(webhook_body(CALL))["data"]["sip_media_security"] == "srtp"


@pytest.mark.parametrize(
    "kind", ["live.call.incoming", "live.transport.incoming", "response.completed", ""]
)
def test_a_type_that_means_nothing_to_us_is_none(kind: str) -> None:
    assert read_webhook(orjson.dumps({"type": kind, "data": 5})) is None


def test_fields_of_tomorrow_are_ignored() -> None:
    sent = orjson.loads(webhook_body(CALL))
    sent["new"] = sent["data"]["new"] = sent["data"]["sip_headers"][0]["new"] = {"a": 1}
    assert read_webhook(orjson.dumps(sent)) == CALL


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"{", None),
        (b"\xff", None),
        (b"[" * 5_000, None),
        (b'{"type":"\\ud800"}', None),
        (b"[]", "type"),
        (b"5", "type"),
        (b"{}", "type"),
        (b'{"type":5}', "type"),
    ],
)
def test_what_is_no_event_is_told(body: bytes, param: str | None) -> None:
    with pytest.raises(WireError) as caught:
        read_webhook(body)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", None),
        ("created_at", "soon"),
        ("data", []),
        ("data.call_id", None),
        ("data.call_id", ""),
        ("data.call_id", "rtc_1/../2\n"),
        ("data.call_id", "a b"),
        ("data.call_id", "x" * 257),
        ("data.sip_headers", {"From": "+49301"}),
        ("data.sip_headers.0", "From: +49301"),
        ("data.sip_headers.0.value", 49301),
        ("data.sip_media_security", ["+49301"]),
    ],
)
def test_a_wrong_field_is_named_and_nothing_repeated(path: str, value: object) -> None:
    sent = orjson.loads(webhook_body(CALL))
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner = sent
    for part in parents:
        inner = inner[part]
    inner[last] = value
    with pytest.raises(WireError) as caught:
        read_webhook(orjson.dumps(sent))
    assert caught.value.param == path
    assert "49301" not in str(caught.value)


@pytest.fixture(scope="module")
def client() -> Iterator[OpenAI]:
    """Return the official client, whose clock stands at ``NOW``."""
    with pytest.MonkeyPatch.context() as patch, OpenAI(api_key="none") as client:
        patch.setattr("openai.lib._webhooks.time", SimpleNamespace(time=lambda: NOW))
        yield client


@pytest.mark.parametrize("secret", [SECRET, "a-bare-one"])
def test_the_official_client_takes_what_we_sign(client: OpenAI, secret: str) -> None:
    body = webhook_body(CALL)
    given = headers(sign(secret, "wh_1", NOW, body))
    event = client.webhooks.unwrap(body, given, secret=secret)
    assert isinstance(event, RealtimeCallIncomingWebhookEvent)
    assert event == RealtimeCallIncomingWebhookEvent.model_validate_json(body)
    assert (event.id, event.created_at, event.data.call_id) == ("evt_1", NOW, "rtc_1")
    assert tuple((each.name, each.value) for each in event.data.sip_headers) == CALL.sip_headers
    assert (event.object, event.data.sip_media_security) == ("event", "srtp")


def test_we_read_what_the_official_types_write() -> None:
    event = RealtimeCallIncomingWebhookEvent(
        id="evt_1",
        created_at=NOW,
        type="realtime.call.incoming",
        data=Data(call_id="rtc_1", sip_headers=[DataSipHeader(name="From", value="a")]),
    )
    expected = IncomingCall("evt_1", NOW, "rtc_1", (("From", "a"),))
    assert read_webhook(event.model_dump_json().encode()) == expected


@given(
    secret=secrets,
    signed_with=st.none() | secrets,
    off_s=st.sampled_from([-301, -300, -299, 0, 299, 300, 301]),
    signed_off_s=st.sampled_from([0, 0, 0, 1]),
    signature=st.sampled_from(["{}", "v1,AAAA {}", "{} v2,AAAA", "v2,{}", "v1,AAAA", "v1,{}"]),
    body=texts.map(str.encode),
)
def test_we_and_the_official_client_take_the_same(
    client: OpenAI,
    secret: str,
    signed_with: str | None,
    off_s: int,
    signed_off_s: int,
    signature: str,
    body: bytes,
) -> None:
    ours = sign(signed_with or secret, "wh_1", NOW + off_s + signed_off_s, body)
    given = headers(signature.format(ours), timestamp=NOW + off_s)
    try:
        client.webhooks.verify_signature(body, given, secret=secret)
        is_good = True
    except InvalidWebhookSignatureError:
        is_good = False
    if is_good:
        assert verify([secret], given, body, now=NOW) == "wh_1"
    else:
        assert refusal(given, body, among=(secret,)) in {"too_old", "too_new", "bad_signature"}
