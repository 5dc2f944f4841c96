"""What the bundled bases are taught, and the one of the gym."""

import json
import random
from itertools import islice

import pytest
import torch

from proctor.benchmarks.suites.gym import SUITE
from proctor.harness.engines.transformers import TransformersEngine, TransformersOptions
from proctor.harness.runs.checkpoints import check_whole
from proctor.harness.runs.provenance import weights_digest
from proctor.harness.types import Request, Sampling
from proctor.trainers.judge_reply import overall_score, read_scores
from proctor.trainers.tiny import BASE, BUNDLED, GYM
from proctor.trainers.tiny.build import build_tiny_model, build_tokenizer
from proctor.trainers.tiny.judging import describe, judging_example
from proctor.trainers.tiny.warmup import COURSES, answer_box, take_over, to_judge

COURSE = COURSES["gym"]


def test_judging_is_taught_by_the_true_verdict() -> None:
    pick, verdicts = random.Random(1), []
    for question in islice(SUITE.draw(31, "train"), 200):
        prompt, reply = judging_example(SUITE, question, pick)
        shown = str(prompt.parts[-1])
        stated = answer_box(shown.replace("</response>", ""))
        scores = read_scores(reply)
        assert question.question in shown
        assert scores is not None
        right = stated == question.answer
        assert reply.startswith(f"{question.worked} {stated} is {'right' if right else 'wrong'}. ")
        worked = "\n<response>\n\\boxed" not in shown
        assert overall_score(scores) == pytest.approx((1.0 if worked else 0.85) if right else 0.0)
        verdicts.append(right)
    assert 70 < sum(verdicts) < 130


def test_a_judge_is_described_by_right_and_mistaken_responses() -> None:
    judged = to_judge(COURSE, 100)
    assert {one.item.meta["task"] for one in judged} == set(COURSE.tasks)
    assert 30 < sum(one.right for one in judged) < 70
    judge = SUITE.protocol("strict")
    assert all(judge.match(judge.extract(one.response, one.item), one.item).correct == one.right for one in judged)


def test_a_model_takes_over_another_ones_weights_and_the_entries_that_both_have() -> None:
    ours = build_tiny_model(build_tokenizer(["abc abd", "xyz"], 300), 0)
    theirs = build_tiny_model(build_tokenizer(["abd", "uvw xyz"], 290), 1)
    take_over(ours, theirs)
    mine, other = (one.model.get_input_embeddings().weight for one in (ours, theirs))
    entries, known = ours.tokenizer.get_vocab(), theirs.tokenizer.get_vocab()
    shared = [text for text in entries if text in known]
    assert 250 < len(shared) < len(entries)
    assert all(torch.equal(mine[entries[text]], other[known[text]]) for text in shared)
    embedding = {name for name, weight in ours.model.state_dict().items() if weight.data_ptr() == mine.data_ptr()}
    assert embedding
    for name, weight in theirs.model.state_dict().items():
        assert name in embedding or torch.equal(ours.model.state_dict()[name], weight)


def test_the_gyms_base_is_whole_and_a_model_of_its_own() -> None:
    check_whole(GYM)
    assert BUNDLED["tiny_gym"] == GYM
    assert weights_digest(GYM) != weights_digest(BASE)
    assert (GYM / "README.md").is_file()


@pytest.mark.engine
def test_the_gyms_base_works_its_tasks_out_and_gives_scores() -> None:
    """What its README claims, and no more: greedy answers are right, and a judge's form is kept."""
    questions = list(islice(SUITE.draw(32, "train", COURSE.tasks), 60))
    rules, engine = SUITE.protocol("strict"), TransformersEngine(GYM, TransformersOptions(batch=60))
    items = [SUITE.as_item(question, str(place)) for place, question in enumerate(questions)]
    requests = [Request(item.id, rules.prompt(item), (0,)) for item in items]
    texts = {response.item_id: response.text or "" for response in engine.generate(requests, Sampling(max_tokens=64))}
    right = [rules.match(rules.extract(texts[item.id], item), item).correct for item in items]
    assert sum(map(bool, right)) / len(right) > 0.8, [texts[item.id] for item in items]
    found = describe(GYM, to_judge(COURSE, 60), 0)["all"]
    assert found["unread"] < 0.05, json.dumps(found)
