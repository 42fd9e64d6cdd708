"""What is said of tracing."""

from typing import Any

import pytest

from sipagent.realtime.options import SessionOptions
from sipagent.realtime.tracing import tracing_update

from .playbook import Wire

CREATED: Wire = {"id": "sess_1", "tracing": None}


def asked_for(created: Wire = CREATED, **options: Any) -> Wire | None:
    """Return what is sent of a session that wants tracing."""
    return tracing_update(SessionOptions(tracing_disabled=False, **options), created)


@pytest.mark.parametrize("created", [CREATED, {}])
def test_nothing_is_said_unless_tracing_is_wanted(
    created: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    assert tracing_update(SessionOptions(workflow_name="calls"), created) is None
    assert not caplog.records


@pytest.mark.parametrize("created", [CREATED, {}])
def test_tracing_without_a_name_is_automatic(
    created: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    assert asked_for(created) == {"type": "realtime", "tracing": "auto"}
    assert not caplog.records


def test_a_workflow_is_named_with_its_group_and_metadata() -> None:
    update = asked_for(workflow_name="calls", group_id="g", trace_metadata={"tier": "1"})
    tracing = {"workflow_name": "calls", "group_id": "g", "metadata": {"tier": "1"}}
    assert update == {"type": "realtime", "tracing": tracing}


def test_a_workflow_is_named_without_what_is_not_given() -> None:
    update = asked_for(workflow_name="calls")
    assert update == {"type": "realtime", "tracing": {"workflow_name": "calls"}}


@pytest.mark.parametrize("option", [{"group_id": "g"}, {"trace_metadata": {"tier": "1"}}])
def test_a_group_or_metadata_without_a_workflow_is_ignored_with_a_warning(
    option: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    assert asked_for(**option) == {"type": "realtime", "tracing": "auto"}
    (warning,) = caplog.messages
    assert "workflow_name" in warning


@pytest.mark.parametrize("present", [{"workflow_name": "theirs"}, "auto"])
def test_tracing_that_is_there_already_is_left_alone_with_a_warning(
    present: object, caplog: pytest.LogCaptureFixture
) -> None:
    assert asked_for({"tracing": present}, workflow_name="ours") is None
    (warning,) = caplog.messages
    assert "cannot change" in warning


@pytest.mark.parametrize(
    ("present", "options"),
    [("auto", {}), ({"workflow_name": "ours"}, {"workflow_name": "ours"})],
)
def test_tracing_that_is_already_as_wanted_is_not_worth_a_word(
    present: object, options: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    assert asked_for({"tracing": present}, **options) is None
    assert not caplog.records


def test_tracing_that_nobody_wanted_is_worth_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert tracing_update(SessionOptions(), {"tracing": "auto"}) is None
    (warning,) = caplog.messages
    assert "although tracing is disabled" in warning
