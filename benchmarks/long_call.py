"""One long call: ``python -m benchmarks.long_call [--minutes N]``.

For real: ``sipagent serve`` on an engine that lets a session live for four fifths of the call, so
that it is replaced once in the middle, and a caller who asks the front desk every 20 s when it is
open. The caller's sequence numbers and timestamps wrap early in the call, those of the appliance
after 22 minutes at the latest. The appliance refreshes its session timer (RFC 4028), the caller
offers again now and then. Every packet is looked at, both ways, and every answer.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from sipagent.demo.local import sip_address
from sipagent.demo.programs import program

from .figures import Figure, Statistic, Target, table
from .gaps import continuity, per_second, spacing_errors_ms
from .patient_caller import PatientCaller, spoken_questions
from .processes import cpu_s, descendants, owner_of_udp_port, rss_mb
from .questions import Told, is_heard

DIALPLANS = Path(__file__).parent.parent / "dialplans"

LIFE_SHARE, MARGIN_SHARE = 0.8, 0.2
"""Of the call: how long a session may live, and how long before that another takes over."""
SETTLED_SHARE = 0.1
"""Of the call: after this the worker has what it needs."""
WINDOW_S = 10.0

CONFIG = """\
[sip]
bind = "127.0.0.1"
port = 0
[realtime]
url = "{url}"
scripts = true
[dialplans]
path = "plans"
[http]
port = 0
[cdr]
path = "calls.jsonl"
timeline_path = "timeline.jsonl"
"""


def write_files(folder: Path, margin_s: float) -> None:
    """Write the front desk's plan, with sessions that are replaced ``margin_s`` early."""
    plans = folder / "plans"
    plans.mkdir()
    for name in ("front-desk.script.toml", "front_desk.py"):
        shutil.copy(DIALPLANS / name, plans)
    plan = (DIALPLANS / "front-desk.toml").read_text()
    changed = plan.replace("[session]\n", f"[session]\nrotate_margin_s = {margin_s:g}\n")
    (plans / "front-desk.toml").write_text(changed)


class Cost:
    """Memory and CPU of the worker, looked at after it has settled and at the end."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.settled_mb = self.grown_mb = self.cpu_percent = 0.0

    async def watch(self, length_s: float) -> None:
        """Look twice."""
        await asyncio.sleep(length_s * SETTLED_SHARE)
        self.settled_mb, before_s = rss_mb(self.pid), cpu_s(self.pid)
        rest_s = length_s * (1 - SETTLED_SHARE) - 1
        await asyncio.sleep(rest_s)
        self.grown_mb = rss_mb(self.pid) - self.settled_mb
        self.cpu_percent = (cpu_s(self.pid) - before_s) / rest_s * 100


async def measure(minutes: float) -> list[Figure]:
    """Return the figures of one call."""
    questions = await spoken_questions()
    length_s = minutes * 60
    with tempfile.TemporaryDirectory(prefix="sipagent-long-") as name:
        folder = Path(name)
        write_files(folder, MARGIN_SHARE * length_s)
        engine = ("--port", "0", "--scripts", str(folder / "plans"), "--session-limit-s")
        life_s = str(round(LIFE_SHARE * length_s))
        async with program("engine", *engine, life_s, log=folder / "engine.log") as announced:
            url = announced.partition(": ")[2].strip()
            config = folder / "bench.toml"
            config.write_text(CONFIG.format(url=url))
            async with program("serve", "-c", str(config), log=folder / "serve.log") as serving:
                host, _, port = sip_address(serving).rpartition(":")
                call = PatientCaller((host, int(port)), minutes)
                with watched(Cost(worker_of(int(port))), length_s) as cost:
                    await call.talk(questions)
            records = (folder / "calls.jsonl").read_bytes().splitlines()
        lines = (folder / "timeline.jsonl").read_bytes().splitlines()
    told = Told([orjson.loads(line) for line in lines])
    (record,) = [orjson.loads(line) for line in records]
    return [
        *answers(call, told),
        *outgoing_audio(call),
        *incoming_audio(call, record["line"]),
        *life(call, record, cost),
    ]


def worker_of(port: int) -> int:
    """Return the process that has SIP ``port``."""
    pid = owner_of_udp_port(port, descendants(1))
    assert pid is not None
    return pid


@contextmanager
def watched(cost: Cost, length_s: float) -> Iterator[Cost]:
    """Watch what a worker costs, until the end of the block."""
    watching = asyncio.get_running_loop().create_task(cost.watch(length_s), name="cost")
    try:
        yield cost
    finally:
        watching.cancel()


def answers(call: PatientCaller, told: Told) -> list[Figure]:
    """Return what became of the questions."""
    asked = len(call.questions)
    understood = sum(map(told.understood, call.questions))
    answered = [said for each in call.questions if (said := told.answer(each))]
    for each in call.questions:
        if told.answer(each) is None:
            sys.stdout.write(f"not answered: {each}\n" + "\n".join(told.after(each)) + "\n")
    started = {each["item_id"]: each["at"] for each in told.all("AgentSoundStarted")}
    heard = sum(
        is_heard(call.media.received, started[said["item_id"]], said["heard_ms"] / 1000)
        for said in answered
    )
    gaps = tuple(float(each["gap_ms"]) for each in told.all("AgentSoundStarted") if each["gap_ms"])
    return [
        one("questions asked", "", asked),
        one("of these, recognised", "", understood, at_least=asked),
        one("of these, answered rightly, to the end", "", len(answered), at_least=asked),
        one("of these, heard by the caller", "", heard, at_least=asked),
        Figure("caller's last word -> agent's first sound", "ms", 1, gaps),
    ]


def outgoing_audio(call: PatientCaller) -> list[Figure]:
    """Return how whole the stream from the appliance was."""
    received = call.media.received
    whole = continuity(received)
    pace = (Target(Statistic.MIN, 49.5), Target(Statistic.MAX, 50.5))
    return [
        one("RTP out: packets", "", whole.packets),
        one("RTP out: sequence numbers missing", "", whole.missing, at_most=0),
        one("RTP out: packets twice or misplaced", "", whole.misplaced, at_most=0),
        one("RTP out: jumps of the timestamp", "", whole.jumps, at_most=0),
        one("RTP out: wraps of the sequence number", "", whole.wraps),
        Figure("RTP out: packets a second, in 10 s", "/s", 1, per_second(received, WINDOW_S), pace),
        Figure("RTP out: away from 20 ms spacing", "ms", 1, spacing_errors_ms(received)),
    ]


def incoming_audio(call: PatientCaller, line: dict[str, Any]) -> list[Figure]:
    """Return how whole the stream to the appliance was, by its own figures."""
    sent = len(call.media.sent_at)
    return [
        one("RTP in: packets sent", "", sent),
        one("RTP in: packets received", "", line["packets_in"], at_least=sent - 2),
        one("RTP in: packets lost", "", line["lost_in"], at_most=0),
        one("frames the agent did not get", "", line["frames_dropped"], at_most=0),
    ]


def life(call: PatientCaller, record: dict[str, Any], cost: Cost) -> list[Figure]:
    """Return what else went on in the call."""
    expected_ms = call.media.sent_at[-1] - call.media.sent_at[0]
    return [
        one("call, as recorded", "s", record["duration_ms"] / 1000, at_least=int(expected_ms)),
        one("session timer refreshed by the appliance", "", call.agent.refreshed, at_least=1),
        one("offered again by the caller", "", call.offers),
        one("sessions replaced", "", len(record["reconnects"]), at_least=1),
        one("without a session meanwhile", "ms", sum(r["outage_ms"] for r in record["reconnects"])),
        one("worker: memory when settled", "MB", cost.settled_mb),
        one("worker: grown since", "MB", cost.grown_mb),
        one("worker: CPU", "% of a core", cost.cpu_percent),
    ]


def one(
    name: str,
    unit: str,
    value: float,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Figure:
    """Return a figure of a single value."""
    targets = []
    if at_least is not None:
        targets.append(Target(Statistic.MIN, at_least))
    if at_most is not None:
        targets.append(Target(Statistic.MAX, at_most))
    return Figure(name, unit, 1, (value,), tuple(targets))


def main() -> None:
    """Measure, print; exit status 1 when a target was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=25.0)
    figures = asyncio.run(measure(parser.parse_args().minutes))
    sys.stdout.write(table(figures) + "\n")
    sys.exit(any(figure.verdict in {"MISSED", "NO DATA"} for figure in figures))


if __name__ == "__main__":
    main()
