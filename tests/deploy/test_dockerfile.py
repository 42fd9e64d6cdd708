"""The container's recipe: what it must not lose."""

from __future__ import annotations

import re
from pathlib import Path

from sipagent.config import PATHS, load_config

ROOT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, those of several lines as one."""
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text()).replace("\\\n", " ")
    pairs = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [(name, rest) for name, rest in pairs]


def test_what_installs_stays_behind_and_nobody_is_root() -> None:
    names = [name for name, _ in instructions()]
    assert names.count("FROM") == 2
    last = names.index("FROM", names.index("FROM") + 1)
    assert not any("pip install" in rest for name, rest in instructions()[last:] if name == "RUN")
    (user,) = [rest for name, rest in instructions()[last:] if name == "USER"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)  # numbers, which orchestrators can check


def test_debian_packages_are_named_without_versions() -> None:
    runs = " ".join(rest for name, rest in instructions() if name == "RUN")
    installed = re.findall(r"--no-install-recommends ([^&]+)", runs)
    assert installed
    assert not [each for each in installed if "=" in each]


def test_its_health_is_asked_of_the_configuration_it_starts_with() -> None:
    told = dict(instructions())
    for name in ("HEALTHCHECK", "CMD"):
        assert "/etc/sipagent/sipagent.toml" in told[name]
    assert '["sipagent", "health"' in told["HEALTHCHECK"]


def test_what_is_installed_writes_to_the_state_folder_only() -> None:
    config = load_config(ROOT / "deploy" / "sipagent.toml")
    state = Path("/var/lib/sipagent")
    read = {("dialplans", "path")}
    for section, key in (each for each in PATHS if len(each) == 2 and each not in read):
        path = getattr(getattr(config, section), key)
        assert not path or state in Path(path).parents, f"{section}.{key}"
    assert config.store.url.startswith(f"sqlite:///{state}/")
    assert config.dialplans.path == Path("/etc/sipagent/dialplans")


def test_all_that_is_copied_is_sent_to_the_builder() -> None:
    sent = (ROOT / ".dockerignore").read_text().splitlines()
    for name, rest in instructions():
        if name == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists()
                assert f"!{source}" in sent
