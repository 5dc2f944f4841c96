"""MathVerse: its columns, its official and VLMEvalKit's rules, and each defect that is known of them."""

from proctor.benchmarks.protocols.base import BOXED
from proctor.benchmarks.suites import mathverse


def test_versions(load, shown):
    first, only = load("mathverse", 0), load("mathverse", 4)
    assert first.choices == ("55°", "65°", "75°", "115°")
    assert first.cluster == only.cluster == "problem 1"
    assert shown("mathverse", only)[1] == f"{mathverse.READ_THE_PICTURE}\n{BOXED}"
    free = load("mathverse", 5)
    assert (free.answer, free.answer_type) == ("25 \\pi \\mathrm{~cm}^{2}", "number")
    assert free.meta["published_answer"] == "Area $=25 \\pi \\mathrm{~cm}^{2}$"


def test_text_only_needs_no_picture(load, shown):
    changes = {"problem_version": "Text Only", "image": None, "choices": None, "problem": ...}
    question = "Which is it?\nChoices:\nA:40°\nB:60°"
    item = load("mathverse", 0, question=question, **changes)
    assert (item.images, item.choices, item.cluster) == ((), ("40°", "60°"), item.id)
    assert shown("mathverse", item) == [f"{question}\n{BOXED}"]
    nested = {"subject": "Plane Geometry", "subfield": "Angle"}
    item = load("mathverse", 0, metadata=nested, subject=..., subfield=..., answer="60°", question=question, **changes)
    assert (item.answer, item.meta["subfield"]) == ("B", "Angle")


def test_official_leaves_all_to_a_judge(judged):
    assert judged("mathverse", "official", "\\boxed{7}", "7").correct is None
