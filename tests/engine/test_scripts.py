"""Scripts by version: who began with one goes on with it."""

from __future__ import annotations

from sipagent.engine.brain.script import Script
from sipagent.engine.brain.scripts import KEPT, Scripts, model_name


def script(greeting: str, heard: str = "hello") -> Script:
    agent = {
        "name": "Ada",
        "greeting": greeting,
        "otherwise": ["What?"],
        "rules": [{"heard": [heard], "say": "Yes."}],
    }
    return Script.model_validate({"agents": [agent]})


def greeting(scripts: Scripts, version: str | None = None) -> str | None:
    prompt = {"id": "desk"} | ({} if version is None else {"version": version})
    found = scripts.find(prompt)
    return None if found is None else found.agents[0].greeting


def test_a_version_is_found_as_long_as_it_is_known() -> None:
    scripts = Scripts({"desk": script("0")}, "v0")
    for number in range(1, KEPT + 1):
        scripts.add(f"v{number}", {"desk": script(str(number))})
    assert greeting(scripts, "v1") == "1"
    assert greeting(scripts) == greeting(scripts, "v0") == greeting(scripts, "") == str(KEPT)


def test_a_version_that_comes_again_is_the_newest() -> None:
    scripts = Scripts({"desk": script("a")}, "v1")
    scripts.add("v2", {})
    assert greeting(scripts) is None
    scripts.add("v1", {"desk": script("a")})
    assert greeting(scripts) == "a"
    assert scripts.find(None) is None
    assert scripts.find({"id": "other"}) is None


def test_scripts_that_hear_the_same_share_a_language_model() -> None:
    scripts = Scripts({"desk": script("a")}, "v1")
    scripts.add("v2", {"desk": script("b")})
    assert list(scripts.phrases()) == [model_name(script("c"))]
    scripts.add("v3", {"desk": script("b", heard="good night")})
    assert len(scripts.phrases()) == 2
