"""The command line. Thin: parses, calls, prints."""

from __future__ import annotations

import asyncio
import os
import sys
from enum import StrEnum
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from sipagent import cli_calls
from sipagent.cli_plans import check, replay_routes, route, schema
from sipagent.errors import SipAgentError
from sipagent.loading import loading

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


class LogFormat(StrEnum):
    """What ``--log-format`` takes."""

    HUMAN = "human"
    JSON = "json"


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
    with loading():  # each command loads what it needs
        from sipagent.config import load_config  # noqa: PLC0415
        from sipagent.supervisor.starting import run_appliance  # noqa: PLC0415

    sys.exit(run_appliance(load_config(config)))


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where recording and report go.")] = Path("demo"),
    attached: Annotated[
        bool, typer.Option("--attached", help="Calls that a connector answers instead.")
    ] = False,
) -> None:
    """Place a real call on the embedded engine and report what was heard."""
    if attached:
        from sipagent.demo.attached import run_attached_demo  # noqa: PLC0415

        sys.exit(asyncio.run(run_attached_demo(folder)))
    from sipagent.demo.local import run_demo  # noqa: PLC0415

    sys.exit(asyncio.run(run_demo(folder)))


app.command()(check)
app.command()(route)
app.command()(schema)
app.command("replay-routes")(replay_routes)
app.add_typer(cli_calls.app, name="calls")


@app.command()
def call(
    uri: Annotated[str, typer.Argument(help="sip:user@host:port")],
    say: Annotated[list[str] | None, typer.Option(help="Say this; may be repeated.")] = None,
    wav: Annotated[Path | None, typer.Option(help="Play this 16-bit WAV file.")] = None,
    dtmf: Annotated[
        str,
        typer.Option(
            help="Press these keys (RFC 4733) once the other end is silent, after all of --wav "
            "and --say; a comma pauses for a second."
        ),
    ] = "",
    record: Annotated[Path | None, typer.Option(help="Write what was heard.")] = None,
    caller: Annotated[str, typer.Option(help="User part of From.")] = "sipagent",
    header: Annotated[
        list[str] | None,
        typer.Option(help="Send this header, 'X-Plan: desk'; may be repeated."),
    ] = None,
    limit_s: Annotated[float, typer.Option(help="Hang up after this long.", min=0.1)] = 120.0,
) -> None:
    """Call somebody with the built-in test phone.

    Where it is sent by REFER (RFC 3515), it goes.
    """
    with loading():
        from sipagent.phone_command import place_call  # noqa: PLC0415

    asyncio.run(
        place_call(
            uri,
            say=say or [],
            wav=wav,
            digits=dtmf,
            record=record,
            caller=caller,
            headers=header or [],
            limit_s=limit_s,
        )
    )


@app.command()
def dial(
    to: Annotated[str, typer.Argument(help="+49301234, or sip:user@host")],
    plan: Annotated[str, typer.Option(help="Whose agent calls.")],
    trunk: Annotated[str, typer.Option(help="Default: dial.trunk.")] = "",
    caller_id: Annotated[
        str | None, typer.Option(help="User part of From. Default: the plan's, or the trunk's.")
    ] = None,
    ring_s: Annotated[float | None, typer.Option(help="Default: the plan's.")] = None,
    variable: Annotated[
        list[str] | None, typer.Option(help="Tell the agent 'name=Ada'; may be repeated.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the call to its end.")] = False,
    config: Annotated[
        Path | None, typer.Option("-c", "--config", help="Default: sipagent.toml, if it is there.")
    ] = None,
) -> None:
    """Have the running appliance call somebody with a plan's agent.

    With --wait the exit status is 0 if they talked, 3 busy, 4 no answer, 5 declined, 6 wrong
    number, 7 a machine, 8 anything else.
    """
    from sipagent.config import load_config  # noqa: PLC0415
    from sipagent.dial_command import place  # noqa: PLC0415

    asked = place(
        load_config(config),
        to,
        plan=plan,
        trunk=trunk,
        caller_id=caller_id,
        ring_s=ring_s,
        variables=variable or [],
        waits=wait,
    )
    sys.exit(asyncio.run(asked))


@app.command()
def health(
    ready: Annotated[
        bool, typer.Option("--ready", help="Whether it would take a call, not only lives.")
    ] = False,
    config: Annotated[
        Path | None, typer.Option("-c", "--config", help="Default: sipagent.toml, if it is there.")
    ] = None,
) -> None:
    """Ask the running appliance how it is: exit status 0 if well, else 1."""
    from sipagent.config import load_config  # noqa: PLC0415
    from sipagent.health_command import look  # noqa: PLC0415

    sys.exit(asyncio.run(look(load_config(config), is_ready_wanted=ready)))


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
    sip: Annotated[
        int | None,
        typer.Option(help="Answer SIP calls on this port; 0 takes a free one.", min=0, max=65_535),
    ] = None,
    sip_bind: Annotated[str, typer.Option(help="Address of SIP and RTP.")] = "127.0.0.1",
    rtp_ports: Annotated[str, typer.Option(help="First and last of RTP.")] = "34000-35999",
    webhook_url: Annotated[str, typer.Option(help="Who is told of a call, and decides.")] = "",
    webhook_secret_file: Annotated[
        Path | None,
        typer.Option(help="Default: OPENAI_WEBHOOK_SECRET of the environment."),
    ] = None,
    ring_limit_s: Annotated[
        float, typer.Option(help="How long a caller waits for a decision.", min=1)
    ] = 30,
    ready_fd: Annotated[int, typer.Option(hidden=True)] = -1,
    orders_fd: Annotated[int, typer.Option(hidden=True)] = -1,
    scripts_version: Annotated[str, typer.Option(hidden=True)] = "",
    log_level: Annotated[LogLevel, typer.Option(help="The least that is logged.")] = LogLevel.INFO,
    log_format: Annotated[
        LogFormat, typer.Option(help="For people or programs.")
    ] = LogFormat.HUMAN,
) -> None:
    """Run the embedded realtime server alone, for anyone's SDK."""
    with loading():
        from sipagent.connector.options import connector_settings  # noqa: PLC0415
        from sipagent.engine.settings import EngineSettings  # noqa: PLC0415
        from sipagent.engine_command import serve_engine  # noqa: PLC0415
        from sipagent.ops.logs import set_up_logging  # noqa: PLC0415

    phone = connector_settings(
        sip_port=sip,
        bind=sip_bind,
        rtp_ports=rtp_ports,
        webhook_url=webhook_url,
        secret_file=webhook_secret_file,
        ring_limit_s=ring_limit_s,
        environment=os.environ,
    )
    settings = EngineSettings(
        host=host,
        port=port,
        scripts_dir=scripts,
        scripts_version=scripts_version,
        recognisers=recognisers,
        max_sessions=max_sessions,
        session_limit_s=session_limit_s,
    )
    set_up_logging(log_level, log_format.value)
    asyncio.run(serve_engine(settings, phone, ready_fd=ready_fd, orders_fd=orders_fd))
