"""What a process costs: its descendants, its CPU time, its memory, out of /proc (Linux)."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")


def descendants(pid: int) -> list[int]:
    """Return every process below ``pid``."""
    parents = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            parents[int(folder.name)] = _parent(folder)
    found, level = [], [pid]
    while level:
        level = [child for child, parent in parents.items() if parent in level]
        found += level
    return found


def owner_of_udp_port(port: int, among: list[int]) -> int | None:
    """Return which of ``among`` has a socket on UDP ``port``; a worker is known by this."""
    wanted = {
        f"socket:[{fields[9]}]"
        for line in (PROC / "net/udp").read_text().splitlines()[1:]
        if (fields := line.split())[1].endswith(f":{port:04X}")
    }
    owners = [pid for pid in among if wanted & _links(pid)]
    return owners[-1] if owners else None


def cpu_s(pid: int) -> float:
    """Return the CPU seconds, user and system, of all threads of ``pid`` that are alive."""
    spent_ns = 0
    for thread in (PROC / str(pid) / "task").iterdir():
        spent_ns += int((thread / "schedstat").read_text().split()[0])
    return spent_ns / 1e9


def rss_mb(pid: int) -> float:
    """Return the resident memory of ``pid``."""
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0  # it has just ended


def _links(pid: int) -> set[str]:
    links = set()
    try:
        for link in (PROC / str(pid) / "fd").iterdir():
            links.add(str(link.readlink()))
    except OSError:
        pass  # it, or one of its files, is gone
    return links
