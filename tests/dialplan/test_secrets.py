"""Secrets of a plan: where they come from, where they may stand, and that nobody sees them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sipagent.config import Config
from sipagent.dialplan.documents import Document, read_document
from sipagent.dialplan.loading import read_file
from sipagent.dialplan.secret_checks import read_secrets
from sipagent.dialplan.secrets import Secrets, secret_names, variable_of
from sipagent.environment import read_environment

Write = Callable[[str, str], Path]

TOOL = """
[[tools]]
name = "crm"
http.headers = { Authorization = "Bearer {{secret:CRM_TOKEN}}", X-Team = "{{ secret:team }}" }
"""
VARIABLES = {"SIPAGENT_SECRET_CRM_TOKEN": "t0psecret", "SIPAGENT_SECRET_TEAM": " blue\n"}


@pytest.fixture
def document(write: Write) -> Callable[[str], Document]:
    def read_one(text: str) -> Document:
        read = read_document(write("p.toml", text))
        assert isinstance(read, Document)
        return read

    return read_one


Read = Callable[[str], Document]


def problems(
    document: Document, environment: dict[str, str], **files: str
) -> tuple[Secrets, list[str]]:
    secrets, findings = read_secrets(document, files, environment)
    return secrets, [f"{each.line}: {each.key}: {each.text}" for each in findings]


def test_a_secret_comes_from_its_variable(document: Read) -> None:
    secrets, found = problems(document(TOOL), VARIABLES)
    assert found == []
    assert secrets.filled("Bearer {{secret:CRM_TOKEN}}") == "Bearer t0psecret"
    assert secrets.filled("{{ secret:Team }}/{{secret:team}}/{{caller}}") == "blue/blue/{{caller}}"


def test_a_file_beside_the_plan_wins_over_the_variable(document: Read, write: Write) -> None:
    write("keys/crm", "of-file\n")
    secrets, found = problems(document(TOOL), VARIABLES, crm_token="keys/crm")
    assert found == []
    assert secrets.filled("{{secret:CRM_TOKEN}}") == "of-file"


def test_a_missing_secret_is_found_where_it_is_named(document: Read) -> None:
    assert problems(document(TOOL), {"CRM_TOKEN": "no", "TEAM": "no"})[1] == [
        "4: tools[0].http.headers.X-Team: there is no secret TEAM: set SIPAGENT_SECRET_TEAM, or "
        "name its file in [secrets]",
        "4: tools[0].http.headers.Authorization: there is no secret CRM_TOKEN: set "
        "SIPAGENT_SECRET_CRM_TOKEN, or name its file in [secrets]",
    ]


def test_a_file_that_is_missing_or_of_no_use_is_found_in_the_table(
    document: Read, write: Write
) -> None:
    text = TOOL + '[secrets]\ncrm_token = "none"\nteam = "two"\nspare = "x"\n'
    write("two", "one\ntwo\n")
    _, found = problems(document(text), {}, crm_token="none", team="two", spare="x")
    assert found == [
        "7: secrets.team: two must hold the secret, on one line, and nothing else",
        "6: secrets.crm_token: none does not exist",
        "8: secrets.spare: nothing says {{secret:spare}}",
    ]


@pytest.mark.parametrize("value", ["", "  ", "a\nb", "a\x00b", "ä", "x" * 5000])
def test_a_value_that_could_not_be_a_header_is_refused_and_not_shown(
    document: Read, value: str
) -> None:
    _, found = problems(document(TOOL), VARIABLES | {"SIPAGENT_SECRET_TEAM": value})
    assert found == [
        "4: tools[0].http.headers.X-Team: SIPAGENT_SECRET_TEAM must hold the secret, on one line, "
        "and nothing else"
    ]


def test_the_model_is_never_told_one(write: Write, minimal: Callable[[str], str]) -> None:
    text = minimal("p").replace("Be kind.", "The key is {{secret:CRM_TOKEN}}.")
    (finding,) = read_file(write("p.toml", text), VARIABLES).findings
    assert (finding.line, finding.key) == (6, "agents[0].instructions")
    assert finding.text.startswith("must not name a secret; allowed in: tools.*.http.headers.*, ")


def test_names_are_checked(document: Read, minimal: Callable[[str], str], write: Write) -> None:
    text = '[[tools]]\nhttp.headers = { A = "{{secret:a b}}" }\n'
    assert problems(document(text), {})[1] == [
        "2: tools[0].http.headers.A: the name of a secret must be letters, digits and underscores, "
        "at most 64"
    ]
    text = minimal("p") + '[secrets]\n"a b" = "x"\n'
    (finding,) = read_file(write("p.toml", text)).findings
    assert finding.text == "'a b' must be letters, digits and underscores, at most 64"


def test_values_are_in_no_text_that_is_made_of_them(document: Read) -> None:
    secrets, _ = problems(document(TOOL), VARIABLES)
    assert "t0psecret" not in f"{secrets} {secrets!r}"


def test_variables_of_secrets_are_no_settings() -> None:
    assert read_environment(Config, VARIABLES) == ({}, [])
    assert variable_of("crm_token") == "SIPAGENT_SECRET_CRM_TOKEN"
    assert secret_names("{{secret:a}} {{ secret:B }} {secret:c}") == ("A", "B")
