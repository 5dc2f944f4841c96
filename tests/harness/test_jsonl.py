"""JSON lines: what a reader makes of files that anybody may have written, and what a crash leaves of a journal."""

import os

import pytest

from proctor.harness.errors import DataError
from proctor.harness.jsonl import Journal, Tail, append_shared, json_line, read_lines


def test_a_bad_line_does_not_hide_the_others(tmp_path):
    file = tmp_path / "lines.jsonl"
    file.write_bytes(b'{"a": 1}\nnot json\n' + b"x" * 100 + b"\n" + b"[" * 19 + b"\n3\n4")
    said = []
    for line in read_lines(file, 20):
        try:
            said.append(line.value())
        except DataError as error:
            said.append(str(error).removeprefix(f"{file}:")[:20])
    assert said == [{"a": 1}, "2: not valid JSON (E", "3: the line is longe", "4: not valid JSON (E", 3, 4]
    assert [line.number for line in read_lines(file, 20) if line.too_long] == [3]
    assert [line.number for line in read_lines(file, 20) if line.torn] == [6]


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_may_have_exactly_as_many_bytes_as_the_limit(tmp_path, end):
    file = tmp_path / "lines.jsonl"
    file.write_bytes(b"1234" + end)
    assert [line.value() for line in read_lines(file, 4 + len(end))] == [1234]
    assert [line.too_long for line in read_lines(file, 3 + len(end))] == [True]


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path, tmp_path / "none"):
        with pytest.raises(DataError, match=place.name):
            list(read_lines(place, 10))


def test_a_journal_goes_on_after_a_crash_at_every_byte(tmp_path):
    file = tmp_path / "journal.jsonl"
    lines = [json_line({"n": n, "text": "分"}) for n in range(3)]
    for cut in range(sum(map(len, lines)) + 1):
        file.write_bytes(b"".join(lines)[:cut])
        begins = []
        journal = Journal(file, 100, lambda line, begin, begins=begins: begins.append(begin))
        for line in lines[len(begins) :]:
            begins.append(journal.append(line))
        assert [journal.read(begin, len(line)) for begin, line in zip(begins, lines, strict=True)] == lines
        journal.cut(begins[1])
        journal.append(lines[1])
        journal.close()
        assert file.read_bytes() == b"".join(lines[:2])


def test_a_damaged_line_is_cut_off_only_at_the_end(tmp_path):
    file = tmp_path / "journal.jsonl"
    file.write_bytes(b'1\n{"\n')
    Journal(file, 10, lambda line, begin: line.value()).close()
    assert file.read_bytes() == b"1\n"
    for content in (b'1\n{"\n2\n', b"1\n" + b"2" * 11):
        file.write_bytes(content)
        with pytest.raises(DataError, match=r"journal\.jsonl:2"):
            Journal(file, 10, lambda line, begin: line.value())
        assert file.read_bytes() == content


def test_of_a_shared_file_only_what_is_torn_is_cut_off(tmp_path):
    file = tmp_path / "shared.jsonl"
    for line in (b"1\n", b"2\n"):
        append_shared(file, line, 10, lambda last: last.startswith(b"{"))
    with file.open("ab") as stream:
        stream.write(b'{"tor')
    append_shared(file, b"3\n", 10, lambda last: last.startswith(b"{"))
    with file.open("ab") as stream:
        stream.write(b"4")
    append_shared(file, b"5\n", 10, lambda last: last.startswith(b"{"))
    assert file.read_bytes() == b"1\n2\n3\n4\n5\n"


def test_a_tail_gives_each_whole_line_once(tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"1\n2")
    tail = Tail(file, 10)
    assert list(tail.new()) == [1]
    with file.open("ab") as stream:
        stream.write(b"3\n")
    assert list(tail.new()) == [23]
    assert list(tail.new()) == []
