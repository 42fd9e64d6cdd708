"""``sipagent engine``: what it says once it listens."""

from __future__ import annotations

import pytest

from sipagent.connector.settings import ConnectorSettings
from sipagent.engine_command import ready_line

PHONE = ConnectorSettings.model_validate(
    {"webhook_url": "http://joe:secret@desk.example/calls?token=t", "webhook_secret": "s"}
)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "ws://127.0.0.1:8765/v1/realtime"),
        ("::1", "ws://[::1]:8765/v1/realtime"),
    ],
)
def test_whoever_reads_where_it_listens_can_connect_there(host: str, url: str) -> None:
    assert ready_line(host, [8765], None) == f"engine: {url}"


def test_with_a_telephone_it_says_where_that_is_and_who_is_told_without_a_password() -> None:
    assert ready_line("127.0.0.1", [8765, 5062], PHONE) == (
        "engine: ws://127.0.0.1:8765/v1/realtime"
        " ; SIP on 127.0.0.1:5062, webhooks to http://desk.example:80/calls"
    )
