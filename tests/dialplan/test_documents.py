"""Files, whatever is in them."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sipagent.dialplan.documents import MAX_BYTES, Document, read_document
from sipagent.dialplan.findings import Finding


def why(file: Path) -> str:
    found = read_document(file)
    assert isinstance(found, Finding)
    return str(found).removeprefix(str(file))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a = 1\nb = \xff\n", ":2: is not UTF-8 text"),
        (b"\x00\x01\x02", ":1: is not valid TOML: Invalid statement (column 1)"),
        (b"a = 1\na = 2\n", ":2: is not valid TOML: Cannot overwrite a value"),
        (b"[a]\n[b]\n[a]\n", ":3: is not valid TOML: Cannot declare"),
        (b'a = "\n', ":1: is not valid TOML: "),
        (b'a = """\n\n', ":3: is not valid TOML: Unterminated string (at the end of the file)"),
        (b"a = " + b"[" * 50_000, ": is nested deeper than the 16 levels allowed"),
        (b"a = " + b"[" * 40 + b"]" * 40, ": a[0]"),
        (b".".join([b"a"] * 5_000) + b" = 1", ": a.a"),
        (b"x = " + b"9" * 5_000, ": is not valid TOML: a number has too many digits"),
        (b"x = 1979-05-27", ": x: is a date or time, which no key takes"),
        (b"[x]\ny = [07:32:00]", ": x.y[0]: is a date or time"),
        (b"#" * (MAX_BYTES + 1), ": is larger than the 256 KiB allowed"),
    ],
)
def test_an_unreadable_file_is_a_sentence_with_its_line(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    file = tmp_path / "plan.toml"
    file.write_bytes(content)
    assert why(file).startswith(expected)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    assert why(tmp_path / "pipe.toml") == ": is not a file"
    assert why(tmp_path) == ": is not a file"
    assert why(tmp_path / "none.toml") == ": does not exist"
    assert "cannot be read" in why(tmp_path / "a\0b") or "does not exist" in why(tmp_path / "a\0b")


def test_windows_line_ends_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_bytes(b"\xef\xbb\xbfa = 1\r\nb = 2\r\n")
    document = read_document(file)
    assert isinstance(document, Document)
    assert document.data == {"a": 1, "b": 2}
    assert document.place_of(("b",)).line == 2


@settings(max_examples=60)
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8")))
def test_no_content_raises(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "junk.toml"
    file.write_bytes(content)
    assert isinstance(read_document(file), Document | Finding)
