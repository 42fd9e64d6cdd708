"""Versions of the plans, on disk."""

from pathlib import Path

import pytest

from sipagent.dialplan.versions import KEPT, LIST, PlanSource, Versions
from sipagent.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plans").mkdir()
    return tmp_path / "plans"


def opened(folder: Path) -> Versions:
    versions = Versions(folder, folder.parent / "versions")
    versions.open()
    return versions


def taken(versions: Versions, folder: Path, text: str) -> PlanSource:
    """Save a file, and take what is there into use."""
    (folder / "a.toml").write_text(text)
    source = versions.admit(versions.stage({}), versions.next_version())
    versions.note(source, ("a",), loaded_at=1.5)
    return source


def test_versions_are_counted_and_outlive_the_process(folder: Path) -> None:
    first = taken(opened(folder), folder, "1")
    second = taken(opened(folder), folder, "2")
    assert (first.version, second.version) == (1, 2)
    known = opened(folder).known
    assert [(each.version, each.sha, each.plans) for each in known] == [
        (1, first.sha, ("a",)),
        (2, second.sha, ("a",)),
    ]
    again = opened(folder).source(1)
    assert again == first
    assert (first.copy / "a.toml").read_text() == "1"
    assert opened(folder).source(3) is None


def test_the_last_are_kept_with_their_copies_and_the_rest_is_removed(folder: Path) -> None:
    versions = opened(folder)
    sources = [taken(versions, folder, str(each)) for each in range(KEPT + 2)]
    assert [each.version for each in versions.known] == list(range(3, KEPT + 3))
    kept = {each.name for each in (folder.parent / "versions").iterdir()}
    assert kept == {each.sha for each in sources[2:]} | {LIST}


def test_two_versions_of_the_same_content_share_a_copy(folder: Path) -> None:
    versions = opened(folder)
    sources = [taken(versions, folder, text) for text in ("1", "2", "1")]
    assert [each.version for each in sources] == [1, 2, 3]
    assert sources[0].copy == sources[2].copy
    assert len(versions.known) == 3


def test_what_was_staged_is_dropped_now_or_at_the_next_start(folder: Path) -> None:
    versions = opened(folder)
    staged = versions.stage({"b.toml": "over it"})
    assert (staged.copy / "b.toml").read_text() == "over it"
    versions.drop(staged)
    left = versions.stage({})
    assert left.copy.is_dir()
    opened(folder)
    assert not left.copy.is_dir()


def test_a_roll_back_is_remembered_until_the_next_version(folder: Path) -> None:
    versions = opened(folder)
    taken(versions, folder, "1")
    newest = taken(versions, folder, "2")
    versions.hold(1, newest.sha)
    assert opened(folder).held == (1, newest.sha)
    taken(versions, folder, "3")
    assert opened(folder).held == (0, "")


def test_a_list_that_cannot_be_read_is_begun_anew(folder: Path) -> None:
    taken(opened(folder), folder, "1")
    (folder.parent / "versions" / LIST).write_text("{")
    assert opened(folder).known == ()


def test_a_place_where_nothing_can_be_kept_is_an_error(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"dialplans.versions_path: .*/file/x cannot be written"):
        Versions(folder, tmp_path / "file" / "x").open()
    with pytest.raises(ConfigError, match="must not be inside"):
        Versions(folder, folder / "versions").open()
