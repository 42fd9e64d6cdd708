"""``sipagent calls``: past calls straight from the database, those that go on by the API."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sipagent.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sipagent.config import Config
    from sipagent.ops.store.filters import CallFilter

app = typer.Typer(help="Past calls, and those that go on.", no_args_is_help=True)

ConfigFile = Annotated[
    Path | None, typer.Option("-c", "--config", help="Default: sipagent.toml, if it is there.")
]
CallId = Annotated[str, typer.Argument(help="As in log and list.")]
Plan = Annotated[str, typer.Option(help="Of this plan.")]
Result = Annotated[str, typer.Option(help="completed, failed, refused, ...")]
Reason = Annotated[str, typer.Option(help="caller_hung_up, cut_off, ...")]
Number = Annotated[str, typer.Option(help="Part of who called, or was called.")]
Text = Annotated[str, typer.Option(help="Part of what was said.")]
Since = Annotated[str, typer.Option(help="12h, 7d ago, or 2026-01-31T09:30.")]
Until = Annotated[str, typer.Option(help="As --since.")]


class Format(StrEnum):
    """What ``--format`` takes."""

    JSONL = "jsonl"
    CSV = "csv"


@app.command("list")
def list_calls(
    plan: Plan = "",
    result: Result = "",
    reason: Reason = "",
    number: Number = "",
    text: Text = "",
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option(help="At most.", min=1, max=500)] = 50,
    config: ConfigFile = None,
) -> None:
    """List calls, newest first."""
    from sipagent.ops.store.call_text import call_line  # noqa: PLC0415
    from sipagent.ops.store.reading import read_page  # noqa: PLC0415

    wanted = _filter(plan, result, reason, number, text, since, until)
    with _store(config) as connection:
        page = read_page(connection, wanted, None, limit)
    for call in page.calls:
        typer.echo(call_line(call))
    if page.next:
        typer.echo(f"... and more; the latest {limit} are shown", err=True)


@app.command()
def show(
    call_id: CallId,
    json: Annotated[bool, typer.Option("--json", help="All that is known.")] = False,
    config: ConfigFile = None,
) -> None:
    """Show one call: how it went, and what was said."""
    import orjson  # noqa: PLC0415

    from sipagent.ops.store.call_text import call_lines  # noqa: PLC0415
    from sipagent.ops.store.reading import read_calls  # noqa: PLC0415

    with _store(config) as connection:
        calls = read_calls(connection, [call_id])
    if not calls:
        raise ConfigError(f"there is no call {call_id!r} in the store")
    if json:
        typer.echo(orjson.dumps(calls[0], option=orjson.OPT_INDENT_2).decode())
        return
    for line in call_lines(calls[0]):
        typer.echo(line)


@app.command()
def export(
    format: Annotated[Format, typer.Option(help="One object, or one record, per call.")] = (
        Format.JSONL
    ),
    plan: Plan = "",
    result: Result = "",
    reason: Reason = "",
    number: Number = "",
    text: Text = "",
    since: Since = "",
    until: Until = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Default: standard output.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Write calls as JSON lines or CSV, newest first."""
    from sipagent.ops.store.export import csv_lines, json_lines  # noqa: PLC0415
    from sipagent.ops.store.reading import read_all  # noqa: PLC0415

    wanted = _filter(plan, result, reason, number, text, since, until)
    write = csv_lines if format is Format.CSV else json_lines
    with _store(config) as connection:
        lines = write(read_all(connection, wanted))
        if output is None:
            _print(lines)
            return
        try:
            with output.open("wb") as file:
                file.writelines(lines)
        except OSError as error:
            raise ConfigError(f"{output}: {error.strerror}") from None


@app.command()
def live(config: ConfigFile = None) -> None:
    """List the calls that go on, as the running appliance has them."""
    from sipagent.operate_command import list_live  # noqa: PLC0415
    from sipagent.ops.clock import local_time  # noqa: PLC0415

    asyncio.run(list_live(_configuration(config), local_time()))


@app.command()
def hangup(call_id: CallId, config: ConfigFile = None) -> None:
    """End a call that goes on."""
    _act(config, call_id, "hangup", {})


@app.command()
def transfer(
    call_id: CallId,
    target: Annotated[str, typer.Argument(help="A target of its plan, or sip:user@host.")],
    config: ConfigFile = None,
) -> None:
    """Transfer the caller of a call that goes on."""
    _act(config, call_id, "transfer", {"uri" if ":" in target else "target": target})


@app.command()
def whisper(
    call_id: CallId,
    text: Annotated[str, typer.Argument(help="What the caller does not hear.")],
    config: ConfigFile = None,
) -> None:
    """Let the agent of a call that goes on know something."""
    _act(config, call_id, "whisper", {"text": text})


def _act(config: Path | None, call_id: str, what: str, body: dict[str, str]) -> None:
    from sipagent.operate_command import act  # noqa: PLC0415

    asyncio.run(act(_configuration(config), call_id, what, body))


def _configuration(config: Path | None) -> Config:
    from sipagent.config import load_config  # noqa: PLC0415

    return load_config(config)


def _print(lines: Iterator[bytes]) -> None:
    """Write ``lines``; somebody who reads only the first of them has had enough."""
    try:
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still kept


def _filter(
    plan: str, result: str, reason: str, number: str, text: str, since: str, until: str
) -> CallFilter:
    from sipagent.calls import termination  # noqa: PLC0415
    from sipagent.ops.clock import local_time  # noqa: PLC0415
    from sipagent.ops.store.filters import CallFilter  # noqa: PLC0415
    from sipagent.ops.store.when import when_ms  # noqa: PLC0415

    now = local_time()
    return CallFilter(
        plan=plan,
        result=_known("--result", result, termination.Result),
        reason=_known("--reason", reason, termination.Reason),
        number=number,
        text=text,
        since_ms=when_ms(since, now) if since else None,
        until_ms=when_ms(until, now) if until else None,
    )


@contextmanager
def _store(config: Path | None) -> Iterator[Connection]:
    """Connect to the store of a configuration.

    Raises:
        JournalError: If there is none, or it is another version's.
    """
    from sipagent.ops.store.opened import opened_store  # noqa: PLC0415

    with opened_store(_configuration(config).store.url) as connection:
        yield connection


def _known(option: str, word: str, words: type[StrEnum]) -> str:
    """Return a word of a closed list, or ``""``; of a wrong one there would be no calls.

    Raises:
        ConfigError: If it is none.
    """
    from sipagent.dialplan.validation import listed, near_miss  # noqa: PLC0415

    if word and word not in set(words):
        raise ConfigError(
            f'there is no "{word}"{near_miss(word, words)}; known: {listed(words)}', where=option
        )
    return word
