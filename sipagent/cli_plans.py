"""Commands about dialplans. Thin: they parse, call, print."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer


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


def route(
    uri: Annotated[str, typer.Argument(help="Who is called: sip:user@host, or the user alone.")],
    caller: Annotated[str, typer.Option("--from", help="Who calls; the same.")] = "",
    header: Annotated[
        list[str] | None, typer.Option(help="It has this header, 'X-Queue: sales'; repeatable.")
    ] = None,
    at: Annotated[str, typer.Option(help="When it comes, '2026-12-25 10:00'; else now.")] = "",
    source: Annotated[str, typer.Option(help="IP address it comes from.")] = "",
    trunk: Annotated[str, typer.Option(help="Trunk it comes through.")] = "",
    call_id: Annotated[str, typer.Option(help="Ours, of which weights are drawn.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Annotated[
        Path | None, typer.Option("-c", "--config", help="Default: sipagent.toml, if it is there.")
    ] = None,
) -> None:
    """Tell which dialplan answers a call, and why the others do not.

    The exit status is 0 if one takes it, 1 if none does.
    """
    from sipagent.config import load_config  # noqa: PLC0415
    from sipagent.ops.clock import local_time  # noqa: PLC0415
    from sipagent.route_command import Question, answer, instant  # noqa: PLC0415

    question = Question(uri, caller, header or [], source, trunk, call_id)
    given = answer(load_config(config), question, instant(at, local_time()))
    typer.echo(given.to_json() if as_json else "\n".join(given.lines()))
    sys.exit(0 if given.plan is not None else 1)


def schema(
    part: Annotated[bool, typer.Option("--part", help="Of parts, which plans include.")] = False,
) -> None:
    """Print the JSON Schema of dialplans, for editors."""
    from sipagent.dialplan.schema import dialplan_schema  # noqa: PLC0415

    typer.echo(json.dumps(dialplan_schema(of_part=part), indent=1, ensure_ascii=False))


def replay_routes(
    folder: Annotated[
        Path | None, typer.Argument(help="Of dialplans. Default: that of the configuration.")
    ] = None,
    calls: Annotated[int, typer.Option(help="So many, the last ones.", min=1)] = 1_000,
    config: Annotated[
        Path | None, typer.Option("-c", "--config", help="Default: sipagent.toml, if it is there.")
    ] = None,
) -> None:
    """Tell which calls on record the dialplans, as they are now, would route differently.

    The exit status is 0 if there is none, 1 if there are some.
    """
    from sipagent.config import load_config  # noqa: PLC0415
    from sipagent.dialplan.plan_texts import read_folder  # noqa: PLC0415
    from sipagent.dialplan.replay import rerouted  # noqa: PLC0415
    from sipagent.ops.clock import shown_time  # noqa: PLC0415
    from sipagent.ops.store.opened import opened_store  # noqa: PLC0415
    from sipagent.ops.store.routes import read_routes  # noqa: PLC0415

    settings = load_config(config)
    plans = read_folder(folder or settings.dialplans.path)
    with opened_store(settings.store.url) as connection:
        recorded = read_routes(connection, calls)
    found = list(rerouted(plans, recorded))
    for each in found:
        typer.echo(f"{shown_time(each.keys.at_s)}  {each.keys.called}  {each}")
    typer.echo(f"{len(found)} of {_counted(len(recorded), 'call')} would be routed differently")
    if settings.store.mask_numbers:
        typer.echo("callers' numbers are masked in the store, and plans see them so", err=True)
    sys.exit(1 if found else 0)
