"""Copies of a folder of plans."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sipagent.dialplan import copies
from sipagent.dialplan.copies import Listing, UnsettledError, copy_folder, listing
from sipagent.errors import DialplanError

Write = Callable[[str, str], Path]


@pytest.fixture
def plans(write: Write, tmp_path: Path) -> Path:
    write("plans/a.toml", "a")
    write("plans/below/tool.PY", "b")
    write("plans/hold.wav", "c")
    for other in ("notes.txt", ".a.toml.swp", ".hidden.toml", ".git/c.toml", "__pycache__/d.py"):
        write(f"plans/{other}", "x")
    return tmp_path / "plans"


def test_a_copy_has_what_plans_are_made_of_and_nothing_else(plans: Path, tmp_path: Path) -> None:
    copy_folder(plans, tmp_path / "copy")
    found = {str(each.relative_to(tmp_path / "copy")) for each in (tmp_path / "copy").rglob("*.*")}
    assert found == {"a.toml", "below/tool.PY", "hold.wav"}


def test_its_hash_is_that_of_names_and_contents(plans: Path, tmp_path: Path) -> None:
    first = copy_folder(plans, tmp_path / "1")
    (plans / "notes.txt").write_text("y")
    assert copy_folder(plans, tmp_path / "2") == first
    (plans / "a.toml").rename(plans / "b.toml")
    second = copy_folder(plans, tmp_path / "3")
    (plans / "b.toml").write_text("ab")
    assert len({first, second, copy_folder(plans, tmp_path / "4")}) == 3


def test_files_that_are_linked_to_count_as_they_do_in_mounted_configurations(
    plans: Path, tmp_path: Path
) -> None:
    linked = tmp_path / "linked"
    (linked / "..2030").mkdir(parents=True)
    (linked / "..2030" / "a.toml").write_text("a")
    (linked / "..data").symlink_to("..2030")
    (linked / "a.toml").symlink_to("..data/a.toml")
    assert set(listing(linked)) == {"a.toml"}
    copy_folder(linked, tmp_path / "copy")
    assert (tmp_path / "copy" / "a.toml").read_text() == "a"


def test_a_folder_that_changes_meanwhile_has_not_settled(
    plans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edited(folder: Path) -> Listing:
        found = listing(folder)
        (plans / "a.toml").write_text("longer")
        return found

    monkeypatch.setattr(copies, "listing", edited)
    with pytest.raises(UnsettledError):
        copy_folder(plans, tmp_path / "copy")


def test_a_folder_that_cannot_be_copied_is_named(
    plans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DialplanError, match="none: there is no such folder"):
        copy_folder(tmp_path / "none", tmp_path / "1")
    monkeypatch.setattr(copies, "MAX_BYTES", 2)
    with pytest.raises(DialplanError, match="plans: has more than"):
        copy_folder(plans, tmp_path / "2")


def test_files_elsewhere_are_listed_as_long_as_they_are_there(plans: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    assert listing(plans, [key]) == listing(plans)
    key.write_text("1")
    first = listing(plans, [key])
    key.write_text("22")
    assert len({str(listing(plans)), str(first), str(listing(plans, [key]))}) == 3


def test_a_pipe_named_like_a_plan_is_named_and_not_waited_for(plans: Path, tmp_path: Path) -> None:
    os.mkfifo(plans / "z.toml")
    with pytest.raises(DialplanError, match=r"z\.toml: cannot be read: is no regular file"):
        copy_folder(plans, tmp_path / "copy")


def test_what_is_named_like_a_plan_and_cannot_be_one_is_named(plans: Path, tmp_path: Path) -> None:
    odd = plans / "z.toml"
    odd.symlink_to("gone.toml")
    with pytest.raises(DialplanError, match=r"z\.toml: is a link to a file that does not exist"):
        copy_folder(plans, tmp_path / "1")
    odd.unlink()
    odd.symlink_to("z.toml")
    with pytest.raises(DialplanError, match=r"z\.toml: cannot be read: Too many levels"):
        copy_folder(plans, tmp_path / "2")
    odd.unlink()
    odd.mkdir()
    with pytest.raises(DialplanError, match=r"z\.toml: cannot be read: is no regular file"):
        copy_folder(plans, tmp_path / "3")


def test_a_file_that_may_be_read_at_last_is_another(plans: Path) -> None:
    (plans / "a.toml").chmod(0)
    before = listing(plans)
    (plans / "a.toml").chmod(0o644)
    assert listing(plans) != before


def test_links_that_lead_back_are_not_followed_and_others_are(plans: Path, tmp_path: Path) -> None:
    for number in range(30):  # each way through them would be a folder of its own
        (plans / f"up{number}").symlink_to(plans)
    (plans / "root").symlink_to("/")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "x.part.toml").write_text("x")
    for name in ("one", "two"):
        (plans / name).symlink_to(tmp_path / "shared")
    shared = {"one/x.part.toml", "two/x.part.toml"}
    assert set(listing(plans)) == {"a.toml", "below/tool.PY", "hold.wav", *shared}
