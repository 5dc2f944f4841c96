"""Files of exactly the schemas that other tools write, made of a run's answers or of scripted ones."""

import base64
import csv
import json
import zipfile
from xml.sax.saxutils import escape

from proctor.benchmarks.base import SAMPLES
from proctor.benchmarks.examination import plan
from proctor.harness.engines.lmms_eval import marked_text
from proctor.harness.types import Sampling

ANSWERS = (
    lambda gold: rf"It is \boxed{{{gold}}}.",
    lambda gold: r"\boxed{surely not}",
    lambda gold: f"First,\n\nthe answer is {gold}",
    lambda gold: "\tI do not know: \"quoted\", 'too', =1+1 \u2028 \U0001f600",
    lambda gold: f"={gold}",
)


def asked(suite):
    """A suite's bundled questions with their strict prompts."""
    return plan(suite, "strict", Sampling()).asked


def say(suite):
    """An answer to each item of a suite, of every kind."""
    return {one.item.id: ANSWERS[n % len(ANSWERS)](one.item.answer) for n, one in enumerate(asked(suite))}


def lmms_eval_samples(suite, said, **more):
    """Lines as lmms-eval 0.7.3 logs them for a suite's items in their order; `said` is a text, or a list of repeats."""
    lines = []
    for row, one in enumerate(asked(suite)):
        if one.item.id in said:
            stored = said[one.item.id]
            first = stored if isinstance(stored, str) else stored[0]
            line = {"doc_id": row, "target": one.item.answer, "filtered_resps": first, "token_counts": [None],
                    "doc_hash": "0" * 64, "relaxed_overall": 0.0, "input": marked_text(one.prompt)}  # fmt: skip
            lines.append(line | ({} if isinstance(stored, str) else {"resps": stored}) | more)
    return lines


def write_lines(path, lines):
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def vlmevalkit_rows(said):
    """Rows of ChartQA_TEST as VLMEvalKit's result files have them, for the items of the bundled sample."""
    rows = []
    for one in asked("chartqa"):
        if one.item.id in said:
            rows.append(
                {"index": one.item.id, "question": one.item.question, "answer": one.item.answer,
                 "split": one.item.meta["split"], "prediction": said[one.item.id]}
            )  # fmt: skip
    return rows


def chartqa_tsv(path):
    """The bundled ChartQA items as VLMEvalKit's TSV of the data set."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["index", "question", "answer", "split", "image"], delimiter="\t")
        writer.writeheader()
        for line in (SAMPLES / "chartqa.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            image = base64.b64encode((SAMPLES / row["image"]).read_bytes()).decode()
            kept = {key: row[key] for key in ("question", "answer", "split")}
            writer.writerow({"index": row["id"], **kept, "image": image})
    return path


def write_tsv(path, rows):
    """As pandas' to_csv with QUOTE_ALL."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter="\t", quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: "" if value is None else value for key, value in row.items()} for row in rows)
    return path


def write_json(path, rows):
    """As json.dump of to_dict("records"), in which nothing is NaN."""
    nan = [{key: float("nan") if value is None else value for key, value in row.items()} for row in rows]
    path.write_text(json.dumps(nan, indent=4, ensure_ascii=False), encoding="utf-8")
    return path


def write_xlsx(path, rows, formulas=False):
    """As XlsxWriter writes it: shared texts, and with `formulas` a text that begins with "=" as a formula of value 0."""
    texts: list[str] = []

    def cell(name, value):
        if value is None:
            return ""
        if formulas and isinstance(value, str) and value.startswith("="):
            return f'<c r="{name}"><f>{escape(value[1:])}</f><v>0</v></c>'
        if isinstance(value, int | float):
            return f'<c r="{name}"><v>{value}</v></c>'
        texts.append(value)
        return f'<c r="{name}" t="s"><v>{len(texts) - 1}</v></c>'

    def line(number, values):
        return f'<row r="{number}">{"".join(cell(f"{chr(65 + n)}{number}", v) for n, v in enumerate(values))}</row>'

    lines = [line(1, rows[0]), *(line(number, row.values()) for number, row in enumerate(rows, 2))]
    shared = "".join(f'<si><t xml:space="preserve">{escape(_controls(text))}</t></si>' for text in texts)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + "".join(f'<Override PartName="/xl/{part}" ContentType="{_KIND}.{kind}+xml"/>' for part, kind in _PARTS)
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}/relationships"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
        f'Type="{_OFFICE}/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">{shared}</sst>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def _controls(text):
    return "".join(f"_x{ord(c):04X}_" if c < " " and c not in "\t\n" else c for c in text)


_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = (
    ("workbook.xml", "sheet.main"),
    ("worksheets/sheet1.xml", "worksheet"),
    ("sharedStrings.xml", "sharedStrings"),
)
WRITERS = {"tsv": write_tsv, "json": write_json, "xlsx": write_xlsx}
