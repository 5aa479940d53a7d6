"""What git says between NULs is read as it is meant, whatever the files are called."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from ccplant_runner.changes.parsing import Entry, entries, first_diff, is_safe, names, shown, whole_lines

NAMES = st.binary(min_size=1, max_size=40).map(lambda name: name.replace(b"\0", b"0"))
STATUS = st.sampled_from(["A", "M", "D", "T", "R087"])
SHA = "0" * 40


def said(changes: list[tuple[str, bytes, bytes, int, int]]) -> bytes:
    """Write as `diff-index -z --raw --numstat` does."""
    raw, counts = b"", b""
    for letter, name, old, additions, deletions in changes:
        both = old + b"\0" + name if letter.startswith("R") else name
        raw += f":100644 100644 {SHA} {SHA} {letter}".encode() + b"\0" + both + b"\0"
        head = f"{additions}\t{deletions}\t".encode()
        counts += head + (b"\0" + both if letter.startswith("R") else name) + b"\0"
    return raw + counts


@given(
    st.lists(
        st.tuples(STATUS, NAMES, NAMES, st.integers(0, 999), st.integers(0, 999)), unique_by=lambda c: c[1]
    )
)
@example([("R100", b":100644 x", b"-\t-\t", 1, 2), ("M", b"1\t2\tx", b"o", 3, 4)])
def test_every_file_is_read_with_its_own_counts(changes: list[tuple[str, bytes, bytes, int, int]]) -> None:
    words = {"A": "added", "M": "modified", "T": "modified", "D": "deleted", "R": "renamed"}
    assert entries(said(changes)) == [
        Entry(name, old if letter.startswith("R") else None, words[letter[0]], additions, deletions)  # type: ignore[arg-type]
        for letter, name, old, additions, deletions in changes
    ]


@given(st.lists(st.tuples(STATUS, NAMES, NAMES, st.integers(0, 9), st.integers(0, 9)), max_size=5), st.data())
def test_what_was_cut_anywhere_is_read_without_what_is_half(
    changes: list[tuple[str, bytes, bytes, int, int]], data: st.DataObject
) -> None:
    whole = said(changes)
    found = entries(whole[: data.draw(st.integers(0, len(whole)))])
    assert {entry.name for entry in found} <= {change[1] for change in changes}


@given(st.binary(max_size=300))
def test_nonsense_is_read_without_a_fault(data: bytes) -> None:
    entries(data)
    names(data)
    shown(data)
    is_safe(data)


def test_a_binary_file_has_no_counts() -> None:
    output = f":100644 100644 {SHA} {SHA} M\0x\0".encode() + b"-\t-\tx\0"
    assert entries(output) == [Entry(b"x", None, "modified", binary=True)]


def test_a_submodule_is_no_file() -> None:
    assert entries(f":160000 160000 {SHA} {SHA} M\0sub\0".encode() + b"1\t1\tsub\0") == []


@given(NAMES, NAMES)
@example(b"a\xff", b'"a\\377"')
@example(b"a\xff", b"a\\377")
def test_no_two_names_are_shown_alike(one: bytes, other: bytes) -> None:
    assert (shown(one) == shown(other)) == (one == other)
    shown(one).encode("utf-8")


def test_a_name_that_is_text_is_shown_as_it_is() -> None:
    assert shown("日本語 and\nmore".encode()) == "日本語 and\nmore"
    assert shown(b"caf\xe9") == '"caf\\351"'


@given(st.lists(NAMES))
def test_a_list_of_names_that_was_cut_has_no_half_name(listed: list[bytes]) -> None:
    data = b"".join(name + b"\0" for name in listed)
    assert names(data) == listed
    assert names(data[:-1], cut=True) == listed[:-1]


def test_names_that_lead_out_of_the_workspace_are_not_safe() -> None:
    assert not any(
        map(is_safe, (b"", b"/etc/passwd", b"../x", b"a/../b", b"a/.GIT/config", b".git", b"a//b"))
    )
    assert is_safe(b"a/b.git/..c")


def test_the_diff_of_a_file_ends_where_the_next_begins() -> None:
    assert first_diff(b"diff --git a/x b/x\n+1\ndiff --git a/x/y b/x/y\n+2\n") == b"diff --git a/x b/x\n+1\n"
    assert first_diff(b"diff --git a/x b/x\n+diff --git\n") == b"diff --git a/x b/x\n+diff --git\n"
    assert whole_lines(b"+1\n+2") == b"+1\n"
    assert whole_lines(b"+") == b""
