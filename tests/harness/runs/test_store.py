"""The run directory's promises: one writer, append-only, repaired, refusing other examinations, sealed in one form."""

import dataclasses
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.harness.errors import DataError, RunLockedError, RunMismatchError, StoreError, UsageError
from proctor.harness.folder import differing_keys
from proctor.harness.jsonl import json_line
from proctor.harness.runs import store
from proctor.harness.runs.evaluate import Examination
from proctor.harness.runs.store import Manifest, RunReader, RunWriter
from proctor.harness.types import Image, Prompt, Response

AWKWARD = [
    "",
    "line\nline\r\nline\u2028line\x85line",
    "\x00\x1b[31m\u202e",
    "naïve ≤ 分数 🦉",
    "\ud800 and \udfff",
    '"\\"}\n{"item_id":"q0"',
    "NaN",
]

BARE = {"data": "", "prompts": "", "suite": "figures", "protocol": "strict", "sampling": {}}
"""As much of an identity as a reader asks for."""


@pytest.fixture
def write(tmp_path, examine, scripted):
    """Opens the writer of `tmp_path/run` for an examination."""

    def open_writer(examination=None, path=None, **model):
        examination = examination or examine()
        manifest = examination.manifest(scripted(**model))
        return RunWriter(path or tmp_path / "run", manifest, examination.asked, examination.sampling.n)

    return open_writer


def answer(item_id, sample=0, text=r"\boxed{5}"):
    return Response(item_id, sample, text, None, "stop", 3, 4)


def failure(item_id, sample=0):
    return Response(item_id, sample, None, "no luck")


def snapshot(folder):
    """Every file's bytes, locks aside."""
    return {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def fill(writer, count=4):
    for n in range(count):
        writer.append(answer(f"q{n}"))


def test_a_second_writer_is_refused_and_changes_nothing(write, tmp_path):
    with write() as first:
        first.append(answer("q0"))
        before = snapshot(tmp_path / "run")
        with pytest.raises(RunLockedError, match="another process") as caught:
            write()
        assert isinstance(caught.value, BlockingIOError)
        assert caught.value.exit_code == 3
        assert snapshot(tmp_path / "run") == before
        first.append(answer("q1"))
    with write() as second:
        assert second.missing() == [("q2", 0), ("q3", 0)]


@pytest.mark.parametrize("breakage", ["mismatch", "damage"])
def test_a_writer_that_could_not_open_holds_no_lock(write, tmp_path, breakage):
    with write() as writer:
        fill(writer, 2)
    journal = tmp_path / "run" / "responses.jsonl"
    whole = journal.read_bytes()
    if breakage == "damage":
        journal.write_bytes(b"x" + whole[1:])
    with pytest.raises((RunMismatchError, DataError)):
        write(weights="other" if breakage == "mismatch" else "w")
    journal.write_bytes(whole)
    with write() as writer:
        assert len(writer.missing()) == 2


def test_each_answer_is_on_disk_when_append_returns_and_earlier_bytes_stay(write, tmp_path):
    journal = tmp_path / "run" / "responses.jsonl"
    with write() as writer:
        before = b""
        for response in (answer("q1"), failure("q3"), answer("q0", text="a\nb"), answer("q3")):
            writer.append(response)
            now = journal.read_bytes()
            assert now.startswith(before)
            added = now[len(before) :]
            assert added.count(b"\n") == 1
            assert added.endswith(b"\n")
            assert Response.from_json(json.loads(added)) == response
            before = now


def test_a_torn_last_line_is_cut_at_every_position(write, tmp_path):
    journal = tmp_path / "run" / "responses.jsonl"
    with write() as writer:
        writer.append(answer("q0", text="first 分"))
        kept = journal.read_bytes()
        writer.append(answer("q1", text="last } \n 分"))
    whole = journal.read_bytes()
    for cut in range(len(kept), len(whole)):
        journal.write_bytes(whole[:cut])
        assert [one.item_id for one in RunReader(tmp_path / "run").responses()] == ["q0"], cut
        with write() as writer:
            assert journal.read_bytes() == kept, cut
            assert writer.missing() == [("q1", 0), ("q2", 0), ("q3", 0)]
            writer.append(answer("q1", text="last } \n 分"))
        assert journal.read_bytes() == whole


@given(tail=st.binary(max_size=300).map(lambda data: data.replace(b"\n", b" ")))
@settings(max_examples=60)
def test_whatever_a_crash_leaves_behind_the_last_newline_costs_no_answer(tmp_path_factory, tail):
    path = tmp_path_factory.mktemp("run")
    manifest = Manifest(BARE, {})
    with RunWriter(path, manifest, _asked(3), 1) as writer:
        fill(writer, 2)
    whole = (path / "responses.jsonl").read_bytes()
    (path / "responses.jsonl").write_bytes(whole + tail)
    with RunWriter(path, manifest, _asked(3), 1) as writer:
        assert writer.missing() == [("q2", 0)]
    assert (path / "responses.jsonl").read_bytes() == whole


def _asked(count):
    item = store.Item("q", "s", "?", "5", "number")
    return [store.Sample(dataclasses.replace(item, id=f"q{n}"), Prompt(("?",))) for n in range(count)]


@pytest.mark.parametrize("damage", [b"\x00", b"{", b"}", b"\xff", b"\n"])
def test_a_damaged_middle_line_is_reported_and_nothing_is_lost(write, tmp_path, damage):
    journal = tmp_path / "run" / "responses.jsonl"
    with write() as writer:
        fill(writer)
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1][:10] + damage + lines[1][11:]
    journal.write_bytes(b"".join(lines))
    before = snapshot(tmp_path / "run")
    with pytest.raises(DataError, match=r"responses\.jsonl:2: a damaged line, with others after it"):
        write()
    with pytest.raises(DataError, match=r"responses\.jsonl:2"):
        list(RunReader(tmp_path / "run").responses())
    assert snapshot(tmp_path / "run") == before


def test_a_line_of_another_shape_is_damage(write, tmp_path):
    with write() as writer:
        fill(writer, 2)
    journal = tmp_path / "run" / "responses.jsonl"
    for line in (b"[]\n", b'{"item_id":"q0"}\n', b"null\n", b"[" * 100_000 + b"\n", b"1" * 10_000 + b"\n"):
        journal.write_bytes(line + journal.read_bytes().split(b"\n", 1)[1])
        with pytest.raises(DataError, match="jsonl:1: a damaged line"):
            write()
        with pytest.raises(DataError, match=r"responses\.jsonl:1"):
            list(RunReader(tmp_path / "run").responses())


def test_an_error_is_missing_and_its_later_answer_supersedes_it(write, tmp_path):
    with write() as writer:
        writer.append(failure("q0"))
        writer.append(answer("q1"))
        assert writer.missing() == [("q0", 0), ("q2", 0), ("q3", 0)]
    with write() as writer:
        assert writer.missing() == [("q0", 0), ("q2", 0), ("q3", 0)]
        writer.append(answer("q0"))
        assert ("q0", 0) not in writer.missing()
    assert {one.item_id: one.error for one in RunReader(tmp_path / "run").responses()} == {"q0": None, "q1": None}


def with_prompt(examination, prompt):
    asked = [dataclasses.replace(one, prompt=prompt(one)) for one in examination.asked]
    return dataclasses.replace(examination, asked=asked)


def with_item(examination, **changes):
    first, *rest = examination.asked
    return dataclasses.replace(
        examination, asked=[dataclasses.replace(first, item=dataclasses.replace(first.item, **changes)), *rest]
    )


def other_picture(one):
    parts = [Image.of_bytes(b"other", part.name) if isinstance(part, Image) else part for part in one.prompt.parts]
    return Prompt(tuple(parts))


CHANGES = {
    "a word in a prompt": (lambda e: with_prompt(e, lambda one: Prompt((*one.prompt.parts, " "))), {"prompts"}),
    "a system text": (lambda e: with_prompt(e, lambda one: Prompt(one.prompt.parts, "Be brief.")), {"prompts"}),
    "a picture": (lambda e: with_prompt(e, other_picture), {"prompts", "images"}),
    "a gold answer": (lambda e: with_item(e, answer="6"), {"data"}),
    "a cluster": (lambda e: with_item(e, cluster="x"), {"data"}),
    "an item less": (lambda e: dataclasses.replace(e, asked=e.asked[:-1]), {"data", "items", "prompts"}),
    "the order": (lambda e: dataclasses.replace(e, asked=e.asked[::-1]), {"data", "prompts"}),
    "the suite": (lambda e: dataclasses.replace(e, suite="other"), {"suite"}),
    "the protocol": (lambda e: dataclasses.replace(e, protocol="other"), {"protocol"}),
}
SAMPLINGS = {"n": 2, "temperature": 0.5, "top_p": 0.9, "max_tokens": 3, "seed": 1}


def refused_keys(write, tmp_path, change: Examination | None = None, **model):
    """The keys that the refusal names; checks that the store stays as it was."""
    before = snapshot(tmp_path / "run")
    with pytest.raises(RunMismatchError, match="choose another directory") as caught:
        write(change, **model)
    assert snapshot(tmp_path / "run") == before
    return set(str(caught.value).split("examination: ")[1].split(" differ")[0].split(", "))


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_question_refuses_to_resume_and_is_named(write, examine, tmp_path, name):
    with write() as writer:
        fill(writer, 2)
    change, keys = CHANGES[name]
    assert keys <= refused_keys(write, tmp_path, change(examine())) <= keys | {"images"}


@pytest.mark.parametrize("name", SAMPLINGS)
def test_changed_sampling_refuses_to_resume_and_is_named(write, examine, tmp_path, name):
    with write() as writer:
        fill(writer, 2)
    assert refused_keys(write, tmp_path, examine(**{name: SAMPLINGS[name]})) == {f"sampling.{name}"}


def test_other_weights_refuse_to_resume_and_are_named(write, tmp_path):
    with write() as writer:
        fill(writer)
        writer.seal()
    assert refused_keys(write, tmp_path, weights="retrained") == {"model.weights"}


def test_an_entry_that_is_new_and_null_is_a_difference():
    assert differing_keys({"model": {}}, {"model": {"adapter": None}}) == ["model.adapter"]


SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, 1.0, 0.5]) | st.text(max_size=2)
JSONS = st.recursive(
    SCALARS, lambda inner: st.dictionaries(st.sampled_from("abc"), inner) | st.lists(inner, max_size=2)
)


@given(fields=st.fixed_dictionaries({"x": JSONS, "y": JSONS}), other=st.fixed_dictionaries({"x": JSONS, "y": JSONS}))
def test_identities_with_different_ids_have_differing_keys_that_are_there(fields, other):
    keys = differing_keys(fields, other)
    assert bool(keys) == (Manifest(fields, {}).run_id != Manifest(other, {}).run_id)
    assert all(key[0] in "xy" for key in keys)


@st.composite
def histories(draw):
    """Sessions of a run of 4 items x 2 samples: responses in any order, failures and repeats among them."""
    keys = [(f"q{n}", k) for n in range(4) for k in range(2)]
    events = [(key, True) for key in draw(st.permutations(keys))]
    for _ in range(draw(st.integers(0, 4))):
        # A failure before the answer: what comes last counts.
        key = draw(st.sampled_from(keys))
        place = draw(st.integers(0, events.index((key, True))))
        events.insert(place, (key, False))
    cuts = sorted(draw(st.lists(st.integers(0, len(events)), max_size=3)))
    return [events[a:b] for a, b in zip([0, *cuts], [*cuts, len(events)], strict=True)]


@given(sessions=histories(), tear=st.integers(0, 40))
@settings(max_examples=80)
def test_any_order_and_any_interruption_seal_to_the_same_bytes(tmp_path_factory, sessions, tear):
    path = tmp_path_factory.mktemp("run")
    manifest = Manifest(BARE, {})
    wanted = b"".join(json_line(answer(f"q{n}", k, f"{n} {k}").to_json()) for n in range(4) for k in range(2))
    for session in sessions:
        with RunWriter(path, manifest, _asked(4), 2) as writer:
            for (item_id, k), fine in session:
                writer.append(answer(item_id, k, f"{item_id[1]} {k}") if fine else failure(item_id, k))
        with (path / "responses.jsonl").open("ab") as journal:
            journal.write(wanted[:tear].replace(b"\n", b""))
    with RunWriter(path, manifest, _asked(4), 2) as writer:
        assert writer.missing() == []
        writer.seal()
    assert (path / "responses.jsonl").read_bytes() == wanted
    stored = json.loads((path / "run.json").read_text())
    assert stored["seal"] == {"responses": hashlib.sha256(wanted).hexdigest(), "count": 8}


def test_a_crash_between_journal_and_seal_is_mended(write, tmp_path, monkeypatch):
    def fails_at_run_json(path, data):
        if path.name == "run.json":
            raise StoreError("no space")
        write_atomic(path, data)

    write_atomic = store.write_atomic
    with write() as writer:
        for n in (2, 0, 3, 1):
            writer.append(answer(f"q{n}"))
        with monkeypatch.context() as patch:
            patch.setattr(store, "write_atomic", fails_at_run_json)
            with pytest.raises(StoreError):
                writer.seal()
    assert not RunReader(tmp_path / "run").complete
    with write() as writer:
        assert writer.missing() == []
        writer.seal()
    reader = RunReader(tmp_path / "run")
    assert reader.complete
    assert [one.item_id for one in reader.responses()] == ["q0", "q1", "q2", "q3"]


def test_a_failure_that_was_mended_in_place_is_not_in_the_sealed_journal(write, tmp_path):
    with write() as writer:
        writer.append(failure("q0"))
        fill(writer)
        writer.seal()
    assert (tmp_path / "run" / "responses.jsonl").read_bytes().count(b"\n") == 4


def test_sealing_again_changes_nothing(write, tmp_path):
    with write() as writer:
        fill(writer)
        writer.seal()
    before = snapshot(tmp_path / "run")
    with write() as writer:
        assert writer.missing() == []
        writer.seal()
    assert snapshot(tmp_path / "run") == before


@pytest.fixture
def sealed(write, tmp_path):
    with write() as writer:
        fill(writer)
        writer.seal()
    return tmp_path / "run"


def edit(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("how", ["an answer", "a line less", "a line more", "emptied", "removed"])
def test_an_edited_journal_of_a_sealed_run_is_detected_by_reader_and_writer(sealed, write, how):
    journal = sealed / "responses.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    {
        "an answer": lambda: edit(journal, "{5}", "{6}"),
        "a line less": lambda: journal.write_bytes(b"".join(lines[:-1])),
        "a line more": lambda: journal.write_bytes(b"".join([*lines, lines[0]])),
        "emptied": lambda: journal.write_bytes(b""),
        "removed": journal.unlink,
    }[how]()
    with pytest.raises(DataError, match=r"responses\.jsonl"):
        list(RunReader(sealed).responses())
    before = snapshot(sealed)
    with pytest.raises(DataError, match=r"responses\.jsonl"):  # else asking again would seal the forgery
        write()
    assert snapshot(sealed) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [('"answer":"5"', '"answer":"6"'), ("How tall", "How short"), ('"cluster":"pair 0"', '"cluster":""'), ("{", "[")],
)
def test_edited_items_are_detected(sealed, old, new):
    edit(sealed / "items.jsonl", old, new)
    with pytest.raises(DataError, match=r"items\.jsonl"):
        RunReader(sealed).asked()


def test_an_item_taken_out_of_a_run_is_detected(sealed):
    file = sealed / "items.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[1:]))
    with pytest.raises(DataError, match=r"items\.jsonl"):
        RunReader(sealed).asked()


def test_an_edited_identity_is_detected(sealed):
    edit(sealed / "run.json", '"temperature": 0', '"temperature": 1')
    with pytest.raises(DataError, match="run_id"):
        RunReader(sealed)


def test_answers_without_a_manifest_are_not_taken_over_by_another_model(sealed, write):
    (sealed / "run.json").unlink()
    before = snapshot(sealed)
    with pytest.raises(DataError, match=r"no run\.json"):
        write(weights="other")
    assert snapshot(sealed) == before


def test_what_was_asked_is_read_back_as_it_was(sealed, examine):
    examination = examine()
    assert RunReader(sealed).asked() == examination.asked
    for one in RunReader(sealed).asked():
        for image in one.prompt.images:
            assert hashlib.sha256(image.read()).hexdigest() == image.sha256


def test_pictures_are_kept_once_each_by_digest(sealed, examine):
    images = {image.sha256: image.origin for one in examine().asked for image in one.prompt.images}
    assert len(images) > 1
    kept = {file.stem: file.read_bytes() for file in (sealed / "images").iterdir()}
    assert kept == images


def test_a_picture_that_a_kill_left_half_written_is_deleted(write, examine, tmp_path):
    left = tmp_path / "run" / "images" / ".abc.png.x1y2.unfinished"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a pict")
    with write(examine()):
        assert not left.exists()
        assert any(left.parent.iterdir())


def test_pictures_from_files_stay_where_they_are(write, examine, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.png").write_bytes(b"picture")
    picture = Image.of_file(data / "a.png", "a.png")
    examination = dataclasses.replace(
        with_prompt(examine(2), lambda one: Prompt((picture, "?"))),
        data_root=data,
    )
    with write(examination) as writer:
        fill(writer, 2)
        writer.seal()
    assert not any(file.read_bytes() == b"picture" for file in (tmp_path / "run").rglob("*") if file.is_file())
    (found,) = RunReader(tmp_path / "run").asked()[0].prompt.images
    assert found.read() == b"picture"
    (data / "a.png").write_bytes(b"another")
    with pytest.raises(DataError, match="changed"):
        found.read()


@pytest.mark.parametrize("name", ["../outside.png", "/etc/passwd", "x" * 300 + ".png", "a/b.png", ".png", "a.\udc80"])
def test_a_picture_is_kept_inside_the_run_whatever_its_name(write, examine, tmp_path, name):
    examination = with_prompt(examine(1), lambda one: Prompt((Image.of_bytes(b"drawn", name), "?")))
    with write(examination) as writer:
        fill(writer, 1)
    kept = [file for file in tmp_path.rglob("*") if file.is_file() and file.read_bytes() == b"drawn"]
    assert len(kept) == 1
    assert kept[0].parent == tmp_path / "run" / "images"
    assert RunReader(tmp_path / "run").asked()[0].prompt.images[0].read() == b"drawn"


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_comes_back_as_it_was(write, tmp_path, text):
    with write() as writer:
        writer.append(answer("q0", text=text))
        writer.append(answer("q1"))
    with write() as writer:
        assert len(writer.missing()) == 2
    assert next(RunReader(tmp_path / "run").responses()).text == text


@given(text=st.text(st.characters(codec="utf-8")), error=st.text(min_size=1))
def test_any_text_is_one_line_that_comes_back(tmp_path_factory, text, error):
    path = tmp_path_factory.mktemp("run")
    responses = [answer("q0", text=text), Response("q1", 0, None, error)]
    manifest = Manifest(BARE, {})
    with RunWriter(path, manifest, _asked(2), 1) as writer:
        for response in responses:
            writer.append(response)
    assert (path / "responses.jsonl").read_bytes().count(b"\n") == 2
    assert list(RunReader(path).responses()) == responses


def test_awkward_ids_and_questions_come_back_as_they_were(write, examine, tmp_path):
    plain = examine(1).asked[0].item
    items = [dataclasses.replace(plain, id=f"{n} {text}", question=text) for n, text in enumerate(AWKWARD)]
    examination = examine(items, prompt=lambda item: Prompt((item.question,), item.question))
    with write(examination) as writer:
        for item in items:
            writer.append(answer(item.id))
        writer.seal()
    reader = RunReader(tmp_path / "run")
    assert reader.asked() == examination.asked
    assert [one.item_id for one in reader.responses()] == [item.id for item in items]


def test_an_answer_of_megabytes_is_kept(write, tmp_path):
    text = "分🦉x\n" * 1_000_000
    with write() as writer:
        writer.append(answer("q0", text=text))
        writer.append(answer("q1"))
    with write() as writer:
        assert len(writer.missing()) == 2
    assert next(RunReader(tmp_path / "run").responses()).text == text


def test_an_answer_too_long_to_be_read_again_is_not_written(write, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "RUN_LINE_BYTES", 4096)
    with write() as writer:
        writer.append(answer("q0", text="x" * 3000))
        with pytest.raises(StoreError, match="more than 4096"):
            writer.append(answer("q1", text="x" * 4096))
        writer.append(answer("q2"))
    with write() as writer:
        assert writer.missing() == [("q1", 0), ("q3", 0)]


@pytest.mark.parametrize("key", [("q9", 0), ("q0", 1), ("q0", -1), ("", 0)])
def test_an_answer_that_was_not_asked_for_is_refused(write, tmp_path, key):
    with write() as writer:
        writer.append(answer("q0"))
        with pytest.raises(StoreError, match="not asked"):
            writer.append(answer(*key))
    assert len((tmp_path / "run" / "responses.jsonl").read_bytes().splitlines()) == 1


def test_a_full_disk_in_the_middle_of_a_line_leaves_whole_lines(write, tmp_path):
    class FullDisk:
        """Takes ten bytes of the next line, then none."""

        def __init__(self, file):
            self.file = file
            self.room = 10

        def write(self, data):
            if not self.room:
                raise OSError(28, "No space left on device")
            done = self.file.write(data[: self.room])
            self.room = 0
            return done

        def __getattr__(self, name):
            return getattr(self.file, name)

    with write() as writer:
        writer.append(answer("q0"))
        file = writer._journal._file
        writer._journal._file = FullDisk(file)
        with pytest.raises(StoreError, match="No space left"):
            writer.append(answer("q1"))
        assert (tmp_path / "run" / "responses.jsonl").read_bytes().count(b"\n") == 1
        writer._journal._file = file
        writer.append(answer("q1"))
    assert [one.item_id for one in RunReader(tmp_path / "run").responses()] == ["q0", "q1"]


def test_a_run_directory_that_can_not_be_one_is_a_store_error(write, tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(UsageError, match=r"cannot open run directory .* it is no folder"):
        write(path=file)
    for path in (file / "below", tmp_path / ("x" * 300)):
        with pytest.raises(StoreError, match="cannot open run directory") as caught:
            write(path=path)
        assert isinstance(caught.value, OSError)
    assert file.read_text() == "x"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"format": 2}', "[" * 100_000, '"format"', "\xff"])
def test_a_damaged_manifest_is_a_data_error(tmp_path, text):
    (tmp_path / "run.json").write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=r"run\.json"):
        RunReader(tmp_path)


def test_no_run_directory_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="no run directory"):
        RunReader(tmp_path / "nowhere")


@st.composite
def mutations(draw, value):
    """A JSON value with one part of it replaced by some other JSON value, or left out."""
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(value)))
        if draw(st.integers(0, 5)) == 0:
            return {name: part for name, part in value.items() if name != key}
        return value | {key: draw(mutations(value[key]))}
    if isinstance(value, list) and value and draw(st.booleans()):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], draw(mutations(value[place])), *value[place + 1 :]]
    return draw(JSONS | st.just(float("nan")) | st.just(10**400))


@given(data=st.data())
@settings(max_examples=200)
def test_a_forged_run_is_read_or_refused_as_data(tmp_path_factory, data, forged_base):
    """Whatever JSON a stranger's run holds, reading it gives values or a DataError."""
    path = tmp_path_factory.mktemp("forged")
    for name, text in forged_base.items():
        (path / name).write_bytes(text)
    name = data.draw(st.sampled_from(sorted(forged_base)))
    first, *rest = [forged_base[name]] if name == "run.json" else forged_base[name].splitlines(keepends=True)
    value = data.draw(mutations(json.loads(first)))
    (path / name).write_bytes(json.dumps(value).encode() + b"\n" + b"".join(rest))
    try:
        reader = RunReader(path)
        reader.asked()
        list(reader.responses())
    except DataError:
        pass


@pytest.fixture(scope="module")
def forged_base(tmp_path_factory):
    path = tmp_path_factory.mktemp("base")
    asked = _asked(2)
    identity = {
        "data": store.digest_all(one.item.to_json() for one in asked),
        "prompts": store.digest_all(one.prompt.digest() for one in asked),
        "sampling": {"n": 1},
    }
    with RunWriter(path, Manifest(identity, {"data_root": None}), asked, 1) as writer:
        fill(writer, 2)
    return {name: (path / name).read_bytes() for name in ("run.json", "items.jsonl", "responses.jsonl")}
