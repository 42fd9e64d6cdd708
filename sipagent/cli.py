"""The command line. Thin: parses, calls, prints."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from enum import StrEnum
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from sipagent.errors import SipAgentError

app = typer.Typer(
    help="A telephone voice agent in a box.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class LogLevel(StrEnum):
    """What ``--log-level`` takes."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def main() -> None:
    """Run the command line; errors of ours are one line and exit status 1."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # whoever reads a pipe waits for the line
    try:
        app()
    except SipAgentError as error:
        sys.stderr.write(f"sipagent: {error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"sipagent {version('sipagent')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", is_eager=True, callback=_tell_version
        ),
    ] = False,
) -> None:
    """Take what comes before the command."""


@app.command()
def serve(
    config: Annotated[
        Path | None, typer.Option("-c", "--config", help="Default: sipagent.toml, if it is there.")
    ] = None,
) -> None:
    """Run the appliance."""
    from sipagent.config import load_config  # noqa: PLC0415  each command loads what it needs
    from sipagent.supervisor.supervisor import run_supervisor  # noqa: PLC0415

    sys.exit(run_supervisor(load_config(config)))


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where recording and report go.")] = Path("demo"),
) -> None:
    """Place a real call on the embedded engine and report what was heard."""
    from sipagent.demo import run_demo  # noqa: PLC0415

    sys.exit(asyncio.run(run_demo(folder)))


@app.command()
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Default: the configuration and its dialplans.")
    ] = None,
) -> None:
    """Check configuration and dialplans: file, line, key, what is allowed."""
    from sipagent.check import check_files  # noqa: PLC0415

    findings = check_files(files or [])
    for finding in findings:
        typer.echo(str(finding))
    errors = sum(finding.is_error for finding in findings)
    warnings = len(findings) - errors
    typer.echo(f"{_counted(errors, 'error')}, {_counted(warnings, 'warning')}")
    sys.exit(1 if errors else 0)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@app.command()
def call(
    uri: Annotated[str, typer.Argument(help="sip:user@host:port")],
    say: Annotated[list[str] | None, typer.Option(help="Say this; may be repeated.")] = None,
    wav: Annotated[Path | None, typer.Option(help="Play this 16-bit WAV file.")] = None,
    record: Annotated[Path | None, typer.Option(help="Write what was heard.")] = None,
    caller: Annotated[str, typer.Option(help="User part of From.")] = "sipagent",
    limit_s: Annotated[float, typer.Option(help="Hang up after this long.")] = 120.0,
) -> None:
    """Call somebody with the built-in test phone."""
    from sipagent.phone_command import place_call  # noqa: PLC0415

    asyncio.run(
        place_call(uri, say=say or [], wav=wav, record=record, caller=caller, limit_s=limit_s)
    )


@app.command()
def engine(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65_535)] = 8765,
    scripts: Annotated[Path, typer.Option(help="Folder of *.script.toml files.")] = Path(
        "dialplans"
    ),
    recognisers: Annotated[
        int, typer.Option(help="Processes that recognise speech.", min=1, max=16)
    ] = 2,
    max_sessions: Annotated[int, typer.Option(help="Sessions at once.", min=1)] = 64,
    session_limit_s: Annotated[
        float, typer.Option(help="How long a session may last.", min=1)
    ] = 3_600,
    ready_fd: Annotated[int, typer.Option(hidden=True)] = -1,
    log_level: Annotated[LogLevel, typer.Option(help="The least that is logged.")] = LogLevel.INFO,
) -> None:
    """Run the embedded realtime server alone, for anyone's SDK."""
    from sipagent.engine.server import run_engine  # noqa: PLC0415
    from sipagent.engine.settings import EngineSettings  # noqa: PLC0415
    from sipagent.ops.clock import unix_time  # noqa: PLC0415
    from sipagent.ops.logs import set_up_logging  # noqa: PLC0415

    set_up_logging(log_level, "human")

    def tell(listening_on: int) -> None:
        if ready_fd < 0:
            typer.echo(f"engine: ws://{host}:{listening_on}/v1/realtime")
            return
        os.write(ready_fd, f"{listening_on}\n".encode())
        os.close(ready_fd)

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        settings = EngineSettings(
            host=host,
            port=port,
            scripts_dir=scripts,
            recognisers=recognisers,
            max_sessions=max_sessions,
            session_limit_s=session_limit_s,
        )
        try:
            await run_engine(settings, clock=unix_time, on_ready=tell)
        except asyncio.CancelledError:
            logging.getLogger(__name__).info("= engine ended")

    asyncio.run(run())
