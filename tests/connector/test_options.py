"""What the command line says about the connector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sipagent.connector.options import connector_settings
from sipagent.connector.settings import ConnectorSettings
from sipagent.errors import ConfigError

URL = "https://example.org/webhooks/openai"
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="


def read(**given: Any) -> ConnectorSettings | None:
    options: dict[str, Any] = {
        "sip_port": 5070,
        "bind": "127.0.0.1",
        "rtp_ports": "34000-35999",
        "webhook_url": URL,
        "secret_file": None,
        "ring_limit_s": 30.0,
        "environment": {"OPENAI_WEBHOOK_SECRET": SECRET},
    }
    return connector_settings(**(options | given))


def settings(**given: Any) -> ConnectorSettings:
    found = read(**given)
    assert found is not None
    return found


def test_without_sip_there_is_no_connector() -> None:
    assert read(sip_port=None, webhook_url="", environment={}) is None


def test_what_is_given_is_taken() -> None:
    found = settings(bind="192.0.2.1", rtp_ports="40000-40099", ring_limit_s=9.0)
    assert (found.bind, found.sip_port, found.rtp_ports) == ("192.0.2.1", 5070, (40_000, 40_099))
    assert (str(found.webhook_url), found.ring_limit_s) == (URL, 9.0)
    assert found.webhook_secret.get_secret_value() == SECRET


def test_the_secret_is_in_the_environment() -> None:
    found = settings(environment={"OPENAI_WEBHOOK_SECRET": " theirs\n"})
    assert found.webhook_secret.get_secret_value() == "theirs"


def test_a_file_has_the_secret_rather_than_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("of-the-file\n")
    assert settings(secret_file=file).webhook_secret.get_secret_value() == "of-the-file"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"webhook_url": ""}, "--sip: needs --webhook-url"),
        ({"environment": {}}, "--sip: needs a secret to sign webhooks with: OPENAI_WEBHOOK_S"),
        ({"sip_port": None}, "--webhook-url: needs --sip"),
        (
            {"sip_port": None, "webhook_url": "", "secret_file": Path("x")},
            "--webhook-secret-file: needs --sip",
        ),
        ({"webhook_url": "example.org"}, "--webhook-url: "),
        ({"webhook_url": "ftp://example.org/"}, "--webhook-url: "),
        ({"rtp_ports": "34000"}, "--rtp-ports: must be two port numbers, as 34000-35999"),
        ({"rtp_ports": "34001-34999"}, "--rtp-ports: rtp_ports must start with an even port"),
        ({"rtp_ports": "34000-34001"}, "--rtp-ports: rtp_ports must hold 4 ports per call"),
        ({"rtp_ports": "34000-99999"}, "--rtp-ports: "),
        ({"secret_file": Path("/nowhere/at-all")}, "/nowhere/at-all: No such file"),
        (
            {"environment": {"OPENAI_WEBHOOK_SECRET": "whsec_!"}},
            "the webhook secret: must be base64 after whsec_",
        ),
        (
            {"environment": {"OPENAI_WEBHOOK_SECRET": "two words"}},
            "the webhook secret: must be printable ASCII without spaces",
        ),
    ],
)
def test_what_is_missing_or_makes_no_sense_is_one_line(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(**given)
    text = str(caught.value)
    assert text.startswith(said)
    assert "\n" not in text


def test_a_wrong_secret_is_not_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        read(environment={"OPENAI_WEBHOOK_SECRET": "whsec_s3cr3t!"})
    assert "s3cr3t" not in str(caught.value)
    assert "s3cr3t" not in repr(settings(environment={"OPENAI_WEBHOOK_SECRET": "s3cr3t"}))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ada:pw@example.org/in?token=t#f", "https://example.org:443/in"),
        ("http://127.0.0.1:8088", "http://127.0.0.1:8088/"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert settings(webhook_url=url).shown_url == shown


def test_calls_are_as_many_as_the_ports_are_for() -> None:
    assert settings(rtp_ports="34000-34007").sip().max_calls == 2
    assert settings(rtp_ports="34000-43999").sip().max_calls == 32
