"""Client secrets: how long they last, and what they open."""

from __future__ import annotations

import pytest

from sipagent.engine.checks import InvalidConfigError
from sipagent.engine.client_secrets import ClientSecrets, UnknownSecretError, key_of

NOW = 1_000
SESSION = {"type": "realtime", "model": "gpt-x", "instructions": "Be brief."}


def test_a_secret_opens_its_session_until_it_expires() -> None:
    secrets = ClientSecrets()
    wanted = {"session": SESSION, "expires_after": {"anchor": "created_at", "seconds": 10}}
    secret = secrets.issue(wanted, now=NOW)
    assert secret["expires_at"] == NOW + 10
    for _ in range(2):  # as often as one likes
        assert secrets.update_of(secret["value"], now=NOW + 9) == SESSION
    with pytest.raises(UnknownSecretError):
        secrets.update_of(secret["value"], now=NOW + 10)


def test_a_secret_that_is_issued_later_does_not_end_another() -> None:
    secrets = ClientSecrets()
    early = secrets.issue({}, now=NOW)
    late = secrets.issue({}, now=NOW + 500)
    assert early["value"] != late["value"]
    assert secrets.update_of(early["value"], now=NOW + 599) == {"type": "realtime"}
    secrets.issue({}, now=NOW + 600)
    assert secrets.update_of(late["value"], now=NOW + 600) == {"type": "realtime"}


def test_only_client_secrets_must_have_been_issued() -> None:
    secrets = ClientSecrets()
    assert secrets.update_of("sk-anything", now=NOW) is None
    assert secrets.update_of("", now=NOW) is None
    with pytest.raises(UnknownSecretError):
        secrets.update_of("ek_guess", now=NOW)


def test_a_session_that_could_not_be_opened_has_no_secret() -> None:
    with pytest.raises(InvalidConfigError) as caught:
        ClientSecrets().issue({"session": {**SESSION, "tools": 7}}, now=NOW)
    assert caught.value.param == "session.tools"


@pytest.mark.parametrize(
    ("authorization", "protocols", "key"),
    [
        ("Bearer sk-x", [], "sk-x"),
        ("bearer  sk-x ", [], "sk-x"),
        ("Basic eDp5", [], ""),
        ("", [], ""),
        ("Bearer sk-x", ["realtime", "openai-insecure-api-key.ek_1"], "ek_1"),
        ("Bearer sk-x", ["realtime"], "sk-x"),
    ],
)
def test_a_key_is_shown_in_a_header_or_as_a_protocol(
    authorization: str, protocols: list[str], key: str
) -> None:
    assert key_of({"Authorization": authorization}, protocols) == key
