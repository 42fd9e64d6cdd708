from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.sip import digest
from sipagent.sip.digest import (
    ALGORITHMS,
    NONCE_LIFETIME_S,
    REALM,
    Challenger,
    Credentials,
    Verdict,
    digest_response,
    parse_credentials,
)

PASSWORDS = {"ada": "hunter2"}

RFC_7616 = (
    'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", '
    'algorithm={algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
    'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="{response}", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
"""RFC 7616 section 3.9.1."""


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_vectors_of_rfc_7616(algorithm: str, response: str) -> None:
    credentials = parse_credentials(RFC_7616.format(algorithm=algorithm, response=response))
    assert credentials is not None
    assert digest_response(credentials, "Circle of Life", "GET") == response


def test_without_qop_it_is_rfc_2069() -> None:
    credentials = Credentials(
        "Mufasa", "testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "/dir/index.html", ""
    )
    assert digest_response(credentials, "Circle Of Life", "GET") == (
        "670fd8c2df070c60b045671b8b24ff02"
    )  # RFC 2617's example as RFC 2069 has it


def nonce_of(challenges: list[str]) -> str:
    return challenges[0].partition('nonce="')[2].partition('"')[0]


def header(
    nonce: str,
    *,
    use: int = 1,
    password: str = "hunter2",
    method: str = "INVITE",
    **changes: str,
) -> str:
    """Return what a peer answers a challenge with."""
    plain = Credentials(
        "ada", REALM, nonce, "sip:agent@h", "", "SHA-256", "auth", "c0", f"{use:08x}"
    )
    given = replace(plain, **changes)
    response = digest_response(given, password, method) if not given.response else given.response
    extra = f', qop={given.qop}, nc={given.count}, cnonce="{given.cnonce}"' if given.qop else ""
    return (
        f'Digest username="{given.username}", realm="{given.realm}", nonce="{given.nonce}", '
        f'uri="{given.uri}", response="{response}", algorithm={given.algorithm}{extra}'
    )


def judged(challenger: Challenger, *values: str, now: float = 1_000.0) -> Verdict:
    return challenger.judge(values, "INVITE", PASSWORDS, now=now)


@pytest.fixture(name="challenger")
def a_challenger() -> Challenger:
    return Challenger(b"secret")


@pytest.fixture(name="nonce")
def a_nonce(challenger: Challenger) -> str:
    return nonce_of(challenger.challenges(ALGORITHMS, now=1_000.0))


def test_both_algorithms_are_offered_the_better_one_first(challenger: Challenger) -> None:
    offered = challenger.challenges(ALGORITHMS, now=0.0)
    assert [each.rpartition("=")[2] for each in offered] == ["SHA-256", "MD5"]
    assert all('qop="auth"' in each for each in offered)
    assert all(
        each.endswith("stale=true")
        for each in challenger.challenges(ALGORITHMS, now=0, is_stale=True)
    )


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_who_knows_the_password_is_let_in(
    challenger: Challenger, nonce: str, algorithm: str
) -> None:
    assert judged(challenger, header(nonce, algorithm=algorithm)) is Verdict.ACCEPTED


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "guess"},
        {"username": "eve"},
        {"method": "BYE"},
        {"response": "0" * 64},
        {"response": "é"},
    ],
)
def test_who_does_not_is_not(challenger: Challenger, nonce: str, wrong: dict[str, str]) -> None:
    assert judged(challenger, header(nonce, **wrong)) is Verdict.WRONG  # type: ignore[arg-type]


def test_a_user_without_a_password_gets_in_with_none(challenger: Challenger, nonce: str) -> None:
    value = header(nonce, password="")
    assert challenger.judge([value], "INVITE", {"ada": ""}, now=1_000.0) is Verdict.WRONG


def test_who_was_not_asked_brings_nothing(challenger: Challenger) -> None:
    assert judged(challenger) is Verdict.MISSING
    assert judged(challenger, header("n", realm="elsewhere")) is Verdict.MISSING


def test_only_what_was_offered_is_taken(challenger: Challenger, nonce: str) -> None:
    values = [header(nonce, algorithm="MD5")]
    verdict = challenger.judge(values, "INVITE", PASSWORDS, now=1_000.0, algorithms=["SHA-256"])
    assert verdict is Verdict.MALFORMED


def test_credentials_for_another_realm_may_stand_beside_ours(
    challenger: Challenger, nonce: str
) -> None:
    other = header("n", realm="elsewhere")
    assert judged(challenger, other, header(nonce)) is Verdict.ACCEPTED


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithm": "MD5-sess", "response": "0"},
        {"algorithm": "SHA-512-256", "response": "0"},
        {"qop": "auth-int"},
        {"count": "1"},
        {"cnonce": ""},
    ],
)
def test_what_was_not_offered_is_malformed(
    challenger: Challenger, nonce: str, changes: dict[str, str]
) -> None:
    given = changes | ({"response": "0"} if "algorithm" not in changes else {})
    assert judged(challenger, header(nonce, **given)) is Verdict.MALFORMED  # type: ignore[arg-type]


def test_the_same_request_is_not_good_twice(challenger: Challenger, nonce: str) -> None:
    assert judged(challenger, header(nonce, use=1)) is Verdict.ACCEPTED
    assert judged(challenger, header(nonce, use=1)) is Verdict.REPLAYED
    assert judged(challenger, header(nonce, use=7)) is Verdict.ACCEPTED
    assert judged(challenger, header(nonce, use=6)) is Verdict.REPLAYED


def test_a_nonce_without_a_count_is_good_once(challenger: Challenger, nonce: str) -> None:
    assert judged(challenger, header(nonce, qop="")) is Verdict.ACCEPTED
    assert judged(challenger, header(nonce, qop="")) is Verdict.REPLAYED
    assert judged(challenger, header(nonce, use=9)) is Verdict.REPLAYED


def test_an_old_nonce_is_stale_and_no_failure(challenger: Challenger, nonce: str) -> None:
    in_time = 1_000.0 + NONCE_LIFETIME_S - 1
    assert judged(challenger, header(nonce), now=in_time) is Verdict.ACCEPTED
    assert judged(challenger, header(nonce, use=2), now=in_time + 2) is Verdict.STALE
    assert judged(challenger, header(nonce, use=2, password="x"), now=1e6) is Verdict.WRONG


@pytest.mark.parametrize("nonce", ["", "x", "3e8.1." + "0" * 32, "ffffffffffff.1." + "0" * 32])
def test_a_nonce_that_is_not_ours_is_stale(challenger: Challenger, nonce: str) -> None:
    assert judged(challenger, header(nonce)) is Verdict.STALE


def test_a_nonce_of_before_a_restart_is_stale(nonce: str) -> None:
    assert judged(Challenger(b"another"), header(nonce)) is Verdict.STALE


def test_forgotten_nonces_are_stale_and_not_good_again(
    challenger: Challenger, nonce: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "MAX_USED_NONCES", 2)
    assert judged(challenger, header(nonce)) is Verdict.ACCEPTED
    for at in (1_001.0, 1_002.0):
        later = nonce_of(challenger.challenges(ALGORITHMS, now=at))
        assert judged(challenger, header(later), now=1_003.0) is Verdict.ACCEPTED
    assert judged(challenger, header(nonce), now=1_003.0) is Verdict.STALE


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic YWRhOng=",
        "Digest",
        'Digest username="ada"',
        'Digest username="ada, realm="x", nonce="n", uri="u", response="r"',
        'Digest username="a", username="b", realm="x", nonce="n", uri="u", response="r"',
        "Digest " + 'x="' + "a" * 5_000 + '"',
    ],
)
def test_what_is_no_header_is_none(value: str) -> None:
    assert parse_credentials(value) is None


def test_quoted_characters_are_taken_as_they_are() -> None:
    given = parse_credentials(r'Digest username="a\"b",realm="x",nonce="n",uri="u",response="r"')
    assert given is not None
    assert given.username == 'a"b'


@given(st.lists(st.text(max_size=200), max_size=4))
def test_garbage_never_gets_in_and_never_raises(values: list[str]) -> None:
    assert judged(Challenger(b"s"), *values) in {Verdict.MISSING, Verdict.MALFORMED}


@given(
    st.dictionaries(
        st.sampled_from(
            ["qop", "nc", "cnonce", "algorithm", "nonce", "username", "response", "uri"]
        ),
        st.text(max_size=20),
    )
)
def test_garbled_credentials_never_get_in(parameters: dict[str, str]) -> None:
    whole = {"username": "ada", "nonce": "n", "uri": "u", "response": "r"} | parameters
    value = f'Digest realm="{REALM}"' + "".join(f', {key}="{each}"' for key, each in whole.items())
    assert judged(Challenger(b"s"), value) is not Verdict.ACCEPTED
