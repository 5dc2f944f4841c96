r"""MathVision (MATH-Vision): competition problems with pictures, 16 subjects, levels 1 to 5.

Paper: arXiv 2402.14804. Hub: MathLLMs/MathVision. Test has 3040 items (1532 with options, 1508 free),
testmini 304. MIT.

Columns: id, question, choices (list, empty for a free answer), answer, image, subject, level.

- An item with options is a `choice`; a free gold gets its type from its shape (number, expression, tuple,
  ratio). Two free golds are a letter whose options are in the picture (ids 59 and 434): a `choice` without
  texts.
- A question marks where its picture belongs with "<image1>". With one mark the picture stands there. With
  several, the one picture of the item holds all parts under printed marks of the same names, so the picture
  comes first and the marks stay in the text.

Metrics: accuracy, also by subject, level, level and subject, and question_type (choice, free).

The official rules are evaluation/evaluate.py and utils.py of mathllm/MATH-V, commit 1d361180. The last \boxed, else what
follows "the answer is" and the like, is stripped of LaTeX dressing; it is right if it equals the gold or the option's text
in lower case, or if both are numbers that agree when rounded to two decimals. Defects that belong to it: 1/55 passes for 1/60
and any tiny number for 0; `\textbf{(D) }72` fails; eight golds (2804, 2828, 2830, 2833, 2866, 2875, 2877, 2947) cannot be
met; a response that ends with " A." is the option A whatever it says before. Where the script evaluates text as code (and
hangs on 9^{9^{9}}), `arithmetic` is used, which has limits. Options count as they were published: of 31 items they are "A)"
or "(A)", which are shown and matched by `strict` as bare letters.

VLMEvalKit (vlmeval/dataset/utils/mathv.py) compares the whole response with a free gold, and asks its language model where
they are not equal; of a response with one \boxed its reader of LaTeX takes the content.

Repository: mathllm/MATH-V, data/test.jsonl; images/ stands beside data/, so the checkout is what to name. testmini.jsonl is
read where it is named and images/ stands beside it. Uncertain of VLMEvalKit's TSV: `level`, and whether an `index` is the
item's published id, which is assumed.
"""

from __future__ import annotations

import re

from ...harness.answers import Extraction, Grade
from ...harness.types import Image, Item, Prompt
from ..base import SAMPLES, Suite
from ..gold import published, published_choices, published_gold, typed
from ..items import ImageFolder, Record, bare, gold_letters
from ..metrics import by_category, overall, together
from ..protocols import vlmevalkit
from ..protocols.arithmetic import evaluated
from ..protocols.base import (
    Protocol,
    asked,
    boxed_prompt,
    boxed_text,
    float_or_none,
    judge_needed,
    lettered,
    rule_grade,
    undecided,
)
from ..sources.layout import Computed, Layout, as_int, first_of_two, same, text_list
from ..sources.published import HubSet, Published, VLMEvalKitSet
from ..sources.repositories import TableCheckout

INSTRUCTION = (
    'Please solve the problem step by step and put your answer in one "\\boxed{}". '
    'If it is a multiple choice question, only one letter is allowed in the "\\boxed{}".'
)
MAX_ANSWER = 20_000
_MARK = re.compile(r"<image\d+>")


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one record. Raises DataError on a malformed one."""
    listed = record.texts("choices")
    choices = bare(listed)
    raw = record.text("answer")
    by_letter = bool(choices) or re.fullmatch("[A-E]", raw)
    answer, answer_type = gold_letters(record, raw, choices) if by_letter else typed(raw)
    item_id = record.text("id")
    return Item(
        id=item_id,
        suite="mathvision",
        question=record.text("question"),
        answer=answer,
        answer_type=answer_type,
        images=(folder.image(record, record.text("image")),),
        choices=choices,
        cluster=item_id,
        meta={
            "subject": record.text("subject"),
            "level": record.integer("level"),
            "question_type": "choice" if choices else "free",
            **published(raw, answer),
            **({} if listed == choices else {"published_choices": listed}),
        },
    )


def prompt(item: Item) -> Prompt:
    """The boxed prompt, with the picture where the question's only mark stands."""
    if len(_MARK.findall(item.question)) != 1:
        return boxed_prompt(item)
    before, after = _MARK.split(item.question)
    parts: tuple[str | Image, ...] = (*item.images, boxed_text(after, item.choices).lstrip())
    return Prompt((before.strip(), *parts) if before.strip() else parts)


METRICS = together(
    overall,
    by_category("subject"),
    by_category("level"),
    by_category("level", "subject"),
    by_category("question_type"),
)


_FLAGS = ("the final answer is", "the answer is", "the correct answer is", "the answer should be")
_BOX = re.compile(r"oxed\{(.*)\}", re.DOTALL)
_DROPPED_FIRST = (" ", "\\,")
_DROPPED_LATER = ("\n", "\\text", "\\mbox")
_DROPPED_LAST = ("\\left", "\\right", "^{\\circ}", "^\\circ", "{m}^3", "m^3", "{units}", "units", "{km}", "km")
_STRIPPED = ("^{\\circ}", "^\\circ", "\\$", "$")


def official_prompt(item: Item) -> Prompt:
    """Instruction, question with the picture at its mark, and the options unless they are only letters."""
    listed = published_choices(item)
    options = "" if "".join(listed) in ("", "ABCDE") else "\n" + lettered(listed)
    marks = _MARK.findall(item.question)
    if len(marks) != 1:
        return Prompt((*item.images, f"{INSTRUCTION}\n{item.question}{options}"))
    before, after = _MARK.split(item.question)
    parts: tuple[str | Image, ...] = (f"{INSTRUCTION}\n{before}".rstrip(), *item.images)
    tail = f"{after}{options}".strip()
    return Prompt((*parts, tail) if tail else parts)


def official_extract(text: str, item: Item) -> Extraction:
    """The answer in the script's lower-case, stripped form; there always is one, if only an empty text."""
    answer = _chosen_letter(text.strip())
    tail = answer.split("is ")[-1].rstrip(".")
    if float_or_none(tail) is not None:
        answer = tail
    rule = "boxed"
    if "oxed{" not in answer:
        rule, answer = "flag", _after_flags(answer)
    elif answer.count("oxed{") > 1:
        answer = "\\boxed{" + answer.split("oxed{")[-1]
    answer = _plain(answer[:MAX_ANSWER])
    for letter in "abcde":
        answer = answer.replace(f"({letter})", letter)
    for letter in "abcde":
        answer = answer.replace(f"{{{letter}}}", letter)
    return Extraction(answer.rstrip(".").lstrip(":").strip(), rule, "read by MATH-V's rule")


def _chosen_letter(answer: str) -> str:
    for letter in "ABCDE":
        ends = answer.endswith((f" {letter}.", f" ({letter})."))
        if ends or answer.startswith((f"{letter}\n", f"({letter})\n", f"({letter}) {letter}\n")):
            answer = letter
    return answer


def _after_flags(answer: str) -> str:
    for flag in _FLAGS:
        for spelling in (flag, flag.replace("the", "The")):
            present = spelling in answer
            answer = answer.rsplit(spelling, maxsplit=1)[-1].strip()
            if present:
                answer = answer.split("\n")[0].split(". ")[0]
    return answer


def _plain(text: str) -> str:
    """The box's content or the whole text, in lower case, after the last = or \\approx, without dressing."""
    text = text.lower().replace("{}", "")
    boxes = _BOX.findall(text)
    answer = boxes[-1] if boxes else text
    closing, opening = answer.find("}"), answer.find("{")
    if closing != -1 and (opening == -1 or closing < opening):
        answer = answer[:closing]
    answer = answer.split("=")[-1].split("\\approx")[-1]
    answer = _without(answer, _DROPPED_FIRST).replace("∞", "\\infty").replace("+\\infty", "\\infty")
    answer = _without(answer.replace("\\\\", "\\"), _DROPPED_LATER).replace("bmatrix", "pmatrix")
    return _stripped(_without(answer, _DROPPED_LAST))


def _without(text: str, dropped: tuple[str, ...]) -> str:
    for piece in dropped:
        text = text.replace(piece, "")
    return text


def _stripped(text: str) -> str:
    text = text.replace("\\!", "").replace("\\\\", "\\").replace("tfrac", "frac").replace("dfrac", "frac")
    text = _without(text, ("\\left", "\\right", *_STRIPPED)).split("\\text{ ")[0].replace("\\%", "")
    text = text.replace("{.", "{0.")
    if text.startswith("."):
        text = "0" + text
    if "sqrt" in text:
        text = _braced_fractions(re.sub(r"\\sqrt(?=[^{])(.)", r"\\sqrt{\1}", text, flags=re.DOTALL))
    if text == "0.5":
        return "\\frac{1}{2}"
    if re.fullmatch(r"-?(?:0|[1-9]\d*)/-?(?:0|[1-9]\d*)", text, re.ASCII):
        upper, lower = text.split("/")
        return f"\\frac{{{upper}}}{{{lower}}}"
    return text


def _braced_fractions(text: str) -> str:
    """`\\frac12` as `\\frac{1}{2}`; unchanged where a \\frac has fewer than two characters after it."""
    head, *rest = text.split("\\frac")
    if any(len(piece) < 2 and piece[:1] != "{" for piece in rest):
        return text
    for piece in rest:
        if piece[0] == "{":
            head += "\\frac" + piece
        elif piece[1] == "{":
            head += f"\\frac{{{piece[0]}}}{piece[1:]}"
        else:
            head += f"\\frac{{{piece[0]}}}{{{piece[1]}}}{piece[2:]}"
    return head


def official_match(stated: Extraction, item: Item) -> Grade:
    """Right if the answer equals the gold, or the text of the gold's option."""
    answer = stated.answer or ""
    gold = published_gold(item)
    if equal(gold, answer):
        return rule_grade(True, stated, "gold")
    letter = ord(gold) - ord("A") if len(gold) == 1 else -1
    options = published_choices(item)
    if 0 <= letter < len(options) and equal(options[letter], answer):
        return rule_grade(True, stated, "option value")
    return rule_grade(False, stated, "gold")


def equal(first: str, second: str) -> bool:
    """Equality of texts in lower case, of tuples by rounded members, or of two numbers rounded to two decimals."""
    first, second = first.lower(), second.lower()
    if not first.replace(" ", "") or not second.replace(" ", ""):
        return False
    if first.strip() == second.strip():
        return True
    first, second = _rounded_members(first), _rounded_members(second)
    if first == second:
        return True
    left, right = evaluated(first), evaluated(second)
    return left is not None and right is not None and round(left, 2) == round(right, 2)


def _rounded_members(text: str) -> str:
    members = text[1:-1].split(",")
    if len(members) < 2 or text[0] + text[-1] not in ("()", "[]"):
        return text
    rounded = []
    for member in members:
        value = evaluated(member)
        if "infty" in member or member in ("a", "-a"):
            rounded.append(member)
        elif value is None:
            return text
        else:
            rounded.append(str(round(value, 2)))
    return f"{text[0]}{','.join(rounded)}{text[-1]}"


_BOXED = re.compile(r"\\boxed\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
_CHOICE_HINT = "Hint: Please answer the question and provide the correct option letter, e.g., A, B, C, D, at the end."
_FREE_HINT = "Hint: Please answer the question and provide the final answer at the end."


def _vlmevalkit_prompt(item: Item) -> Prompt:
    hint = _CHOICE_HINT if item.choices else _FREE_HINT
    options = f"\nChoices:\n{lettered(item.choices)}" if item.choices else ""
    return asked(item, f"{hint}\nQuestion: {item.question}{options}")


def _vlmevalkit_extract(text: str, item: Item) -> Extraction:
    if item.choices:
        return vlmevalkit.chosen(text, published_choices(item))
    if _vlmevalkit_equal(text, item):
        return Extraction(text.strip(), "whole", "equal to the gold without a language model")
    return judge_needed("not equal to the gold as it stands; a language model would look for the answer")


def _vlmevalkit_match(stated: Extraction, item: Item) -> Grade:
    if stated.answer is None:
        return undecided(stated)
    return rule_grade(_vlmevalkit_equal(stated.answer, item), stated, "value")


def _vlmevalkit_equal(text: str, item: Item) -> bool:
    """Equality of the whole text, of which latex2sympy2_extended reads the content of its only box."""
    boxes = _BOXED.findall(text)
    return any(vlmevalkit.same_value(read, published_gold(item)) for read in (text, *boxes[: len(boxes) == 1]))


LAYOUT: Layout = {
    **same("id", "question", "answer", "subject"),
    "choices": Computed(text_list, "options"),
    "image": "decoded_image",
    "level": Computed(as_int, "level"),
}

PUBLISHED = Published(
    sets={"test": 3040, "testmini": 304},
    hub=HubSet(
        "MathLLMs/MathVision", ("test",), LAYOUT, tasks={"test": "mathvision", "testmini": "mathvision_testmini"}
    ),
    vlmevalkit=VLMEvalKitSet(
        ("MathVision", "MathVision_MINI"),
        {
            "id": Computed(first_of_two, "id?", "index"),
            **same("question", "answer", "image"),
            "choices": Computed(text_list, "choices"),
            "subject": "category",
            "level": Computed(as_int, "level"),
        },
    ),
    checkout=TableCheckout(("test.jsonl",), {**LAYOUT, "image": "image"}, starts=("..", "")),
)

SUITE = Suite(
    name="mathvision",
    title="MathVision",
    parse=parse,
    prompt=prompt,
    own_protocols=(
        Protocol("official", "2+mathv-1d361180", official_prompt, official_extract, official_match),
        Protocol(
            vlmevalkit.NAME,
            vlmevalkit.WITH_STEPS,
            _vlmevalkit_prompt,
            _vlmevalkit_extract,
            _vlmevalkit_match,
            extractor=vlmevalkit.option_or_value(lambda item: bool(item.choices)),
        ),
    ),
    metrics=METRICS,
    published=PUBLISHED,
    sample=SAMPLES / "mathvision.jsonl",
)
