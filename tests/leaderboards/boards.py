"""A small board, and a forger who knows how boards are made."""

import dataclasses
import hashlib
import json
from pathlib import Path

from proctor.benchmarks.examination import plan, run_path
from proctor.harness.runs import provenance
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.store import Manifest, Sample, identity_of
from proctor.harness.types import Image, Item, Prompt, Sampling
from proctor.leaderboards.board.build import build
from proctor.leaderboards.board.evidence import BOARD, EVIDENCE, EvidenceFolder, RunEvidence, read_record
from proctor.leaderboards.board.table import read_cells

SUITE = "mathvision"


def clean_tree(monkeypatch, dirty=False):
    """Runs are held from known code, or not."""
    monkeypatch.setattr(provenance, "source_state", lambda: {"commit": "c" * 40, "dirty": dirty})


def hold_run(root, model, suite=SUITE, **sampling):
    """The examination of a scripted model on the bundled items of a suite."""
    examination = plan(suite, "strict", Sampling(**sampling))
    path = run_path(root, examination, model)
    run_eval(examination, model, path)
    return path


def golds(suite=SUITE):
    """The right answer of each item."""
    return {one.item.id: one.item.answer for one in plan(suite, "strict", Sampling()).asked}


def make_board(folder, scripted, suite=SUITE):
    """A board of a model that knows all answers and one that knows all but two."""
    right = golds(suite)
    hard = sorted(right)[:2]
    for name, unknown in (("good", ()), ("poor", hard)):
        said = {item: "none" if item in unknown else answer for item, answer in right.items()}
        model = scripted(lambda item, k, said=said: rf"So \boxed{{{said[item]}}}", name=name, weights=name)
        hold_run(folder / "runs", model, suite)
    build(sorted((folder / "runs").iterdir()), [None], folder / "board", draft=True)
    return folder / "board"


class Forger:
    """Changes a board and makes the digests fit again, as far as told."""

    def __init__(self, board: Path) -> None:
        self.board = board
        self.folder = EvidenceFolder(board / EVIDENCE)

    @property
    def rows(self):
        """The lines of the CSV as dicts."""
        return read_cells((self.board / BOARD).read_bytes(), "board")

    def write(self, rows):
        """Write the CSV, without another look."""
        lines = [
            ",".join(rows[0]),
            *(",".join(f'"{cell}"' if "," in cell else cell for cell in row.values()) for row in rows),
        ]
        (self.board / BOARD).write_text("\n".join(lines) + "\n")

    def edit(self, change, where=lambda row: True):
        """Change the cells of some rows of the CSV: `change(row)` gives the new ones."""
        self.write([{**row, **(change(row) if where(row) else {})} for row in self.rows])

    def record(self, model="poor") -> tuple[str, RunEvidence]:
        """A model's record and its digest."""
        (name,) = {row["evidence"] for row in self.rows if row["model"] == model}
        return name, read_record(self.folder, name)

    def replace(self, model="poor", **parts):
        """Put other contents (bytes) or texts into a model's record, and point the rows to the new one."""
        old, record = self.record(model)
        kept = {
            name: self.folder.put(content) if isinstance(content, bytes) else content for name, content in parts.items()
        }
        new = self.folder.put(dataclasses.replace(record, **kept).to_bytes())
        self.edit(lambda row: {"evidence": new}, lambda row: row["evidence"] == old)
        self._tidy()

    def _tidy(self):
        digests = {row["evidence"] for row in self.rows}
        self.folder.keep_only(digests.union(*(read_record(self.folder, one).parts for one in digests)))

    def lines(self, part, model="poor"):
        """A part of a model's evidence, as JSON lines."""
        content = self.folder.read(getattr(self.record(model)[1], part))
        return [json.loads(line) for line in content.splitlines()]

    def manifest(self, model="poor") -> Manifest:
        """A model's manifest."""
        found = json.loads(self.folder.read(self.record(model)[1].manifest))
        return Manifest(found["identity"], found["environment"], found["seal"])

    def reseal(self, items, responses, model="poor"):
        """Put other items and answers in a run, with a manifest that fits them."""
        old = self.manifest(model)
        answers = text(responses)
        identity = {**old.identity, **identity_of(asked(items))}
        seal = {"responses": self.folder.put(answers), "count": len(responses)}
        manifest = Manifest(identity, old.environment, seal)
        self.replace(model, manifest=manifest.to_bytes(), items=text(items), responses=answers)


def asked(lines):
    """The questions of the lines of an items.jsonl, without their pictures."""

    def picture(record):
        return Image(record["sha256"], record["name"], b"")

    def prompt(record):
        parts = tuple(part if isinstance(part, str) else picture(part) for part in record["parts"])
        return Prompt(parts, record["system"])

    return [Sample(Item.from_json(one["item"], picture), prompt(one["prompt"])) for one in lines]


def forge(run, change):
    """Rewrite a run directory as `change(identity, items, responses, seal)` leaves its parts, all digests made to fit."""
    record = json.loads((run / "run.json").read_text())
    items, responses = (
        [json.loads(line) for line in (run / name).read_text().splitlines()]
        for name in ("items.jsonl", "responses.jsonl")
    )
    identity, seal = dict(record["identity"]), dict(record["seal"])
    fixed = change(identity, items, responses, seal) or {}
    identity = {**identity, **identity_of(asked(items)), **fixed}
    (run / "items.jsonl").write_bytes(text(items))
    (run / "responses.jsonl").write_bytes(text(responses))
    seal = {"count": len(responses), **seal, "responses": hashlib.sha256(text(responses)).hexdigest()}
    (run / "run.json").write_bytes(Manifest(identity, record["environment"], seal).to_bytes())


def text(lines):
    """JSON lines."""
    return b"".join(json.dumps(line, sort_keys=True, separators=(",", ":")).encode() + b"\n" for line in lines)
