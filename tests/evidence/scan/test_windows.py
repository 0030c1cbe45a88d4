from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from policy.evidence.scan.positions import LineCounter
from policy.evidence.scan.windows import LEAD, TAIL, Window, cut_windows

CHUNKS = st.lists(st.sampled_from([b"a" * 9000, b"\n", b"bc\nd", "é\n".encode(), b"x" * 40000]), max_size=30)


@given(CHUNKS)
def test_each_byte_counts_in_one_window_and_is_where_it_says(chunks):
    data = b"".join(chunks)
    covered = 0
    for window in cut_windows(chunks, size=10_000):
        assert window.offset + window.start == covered
        assert data[window.offset : window.offset + len(window.data)] == window.data
        covered = window.offset + window.end
    assert covered == len(data)


@given(CHUNKS)
def test_a_line_is_cut_only_where_it_is_long_and_with_room_on_both_sides(chunks):
    windows = list(cut_windows(chunks, size=10_000))
    for window in windows[:-1]:
        if not window.data.endswith(b"\n"):
            assert window.end - window.start >= 10_000
            assert len(window.data) - window.end == TAIL
    for before, after in pairwise(windows):
        cut_in_line = not before.data[: before.end].endswith(b"\n")
        assert after.start == (min(LEAD, before.end) if cut_in_line else 0)


@given(CHUNKS)
def test_no_window_grows_with_the_file(chunks):
    longest = max(map(len, chunks), default=0)
    for window in cut_windows(chunks, size=10_000):
        assert len(window.data) <= LEAD + 10_000 + TAIL + 2 * longest


@given(CHUNKS)
def test_lines_and_columns_are_those_of_the_text(chunks):
    data = b"".join(chunks)
    lines = LineCounter()
    for window in cut_windows(chunks, size=10_000):
        for at in {window.start, (window.start + window.end) // 2, window.end - 1}:
            place = window.offset + at
            if data[place] & 0xC0 == 0x80:
                continue
            before = data[:place]
            line_start = before.rfind(b"\n") + 1
            wanted = (before.count(b"\n") + 1, len(before[line_start:].decode()) + 1)
            assert lines.locate(window, at) == wanted
        lines.pass_by(window)


def test_nothing_of_the_text_is_shown():
    assert "secret" not in repr(Window(b"secret", 0, 0, 6))
