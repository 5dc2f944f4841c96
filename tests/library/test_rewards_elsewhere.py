"""Rewards in the forms that other trainers call: TRL's own trainer, and the arguments of verl's and OpenRLHF's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import proctor
from proctor.harness.errors import UsageError
from proctor.trainers.tiny import BASE

FIVE, SIX = "So \\boxed{5}", "So \\boxed{6}"
GROUP = [FIVE, FIVE, SIX, "hello"]
PAID = [1.0, 1.0, 0.0, 0.0]


def chat(text: str) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": text}]


def asked(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": text}]}]


# TRL


def test_trl_texts_and_conversations_are_rewarded_group_by_group() -> None:
    reward = proctor.rewards.for_trl("majority_vote", num_generations=4)
    texts = reward(prompts=["a"] * 4 + ["b"] * 4, completions=[*GROUP, *GROUP[::-1]])
    spoken = reward(
        prompts=[asked("a")] * 4 + [asked("b")] * 4, completions=[chat(text) for text in [*GROUP, *GROUP[::-1]]]
    )
    assert texts == spoken == [*PAID, *PAID[::-1]]
    assert reward.__name__ == "majority_vote"


def test_trl_groups_are_runs_of_equal_prompts_where_no_number_is_said() -> None:
    reward = proctor.rewards.for_trl("frequency")
    assert reward(prompts=["a"] * 4 + ["b"] * 4, completions=[*GROUP, *GROUP]) == [0.5, 0.5, 0.25, 0.0] * 2


@pytest.mark.parametrize(
    ("said", "prompts", "message"),
    [
        (4, ["a"] * 6, "6 responses that are not whole groups of num_generations = 4"),
        (2, ["a", "b", "b", "b"], "not whole groups of num_generations = 2"),
        (None, ["a", "a", "b"], "groups of 1 and 2 responses"),
        (None, ["a", "b"], "a group of one response"),
    ],
)
def test_trl_groups_that_are_not_whole_are_refused_in_one_line(
    said: int | None, prompts: list[str], message: str
) -> None:
    reward = proctor.rewards.for_trl("majority_vote", num_generations=said)
    with pytest.raises(UsageError, match=message) as error:
        reward(prompts=prompts, completions=[FIVE] * len(prompts))
    assert "\n" not in str(error.value)


def test_trl_columns_are_labels_options_and_names() -> None:
    right = proctor.rewards.for_trl("ground_truth", answer="solution")
    assert right(prompts=["a"] * 4, completions=GROUP, solution=["6"] * 4) == [0, 0, 1, 0]
    letters = proctor.rewards.for_trl("majority_vote")
    options = [["five", "six"]] * 3
    assert letters(prompts=["a"] * 3, completions=["\\boxed{A}", "\\boxed{five}", "\\boxed{B}"], choices=options) == [
        1,
        1,
        0,
    ]
    ties = {tuple(letters(prompts=["a"] * 2, completions=[FIVE, SIX], id=[name] * 2)) for name in range(16)}
    assert ties == {(1.0, 0.0), (0.0, 1.0)}  # which falls by a hash of the item's id


def test_trl_tells_how_many_tokens_there_are(tmp_path: Path) -> None:
    file = tmp_path / "brief.py"
    file.write_text("def score(group):\n    return [-n for n in group.lengths]\n\n\nscore.needs_lengths = True\n")
    reward = proctor.rewards.for_trl(f"{file}:score")
    assert reward(prompts=["a"] * 2, completions=[FIVE, SIX], completion_ids=[[1, 2, 3], [4]]) == [-3, -1]
    with pytest.raises(UsageError, match="which verl does not tell"):
        proctor.rewards.for_verl(f"{file}:score", n=2)


@pytest.mark.parametrize("name", ["actor_judge", "judge_only", "confidence", "negative_entropy"])
@pytest.mark.parametrize("form", ["for_trl", "for_verl", "for_openrlhf"])
def test_a_reward_that_needs_what_is_not_told_is_refused(name: str, form: str) -> None:
    with pytest.raises(UsageError, match=r"needs .*, which (TRL|verl|OpenRLHF) does not tell"):
        getattr(proctor.rewards, form)(name, **({"n": 4} if form == "for_verl" else {}))


GROUPS = st.lists(st.lists(st.sampled_from([FIVE, SIX, "hello", ""]), min_size=3, max_size=3), min_size=1, max_size=4)


@given(GROUPS, st.randoms())
def test_all_forms_pay_what_the_reward_pays(groups: list[list[str]], rng: Any) -> None:
    reward = proctor.load_reward("frequency")
    wanted = [
        value
        for number, texts in enumerate(groups)
        for value in reward(proctor.Group(str(number), "", (), (), tuple(texts)), 0)
    ]
    texts = [text for group in groups for text in group]
    prompts = [f"Question {number}" for number in range(len(groups)) for _ in range(3)]
    assert proctor.rewards.for_trl("frequency", num_generations=3)(prompts=prompts, completions=texts) == wanted
    order = rng.sample(range(len(texts)), len(texts))
    rows = verl([texts[k] for k in order], [k // 3 for k in order])
    assert proctor.rewards.for_verl("frequency", n=3)(**rows) == [wanted[k] for k in order]
    queries = [f"{prompt}{text}<|im_end|>" for prompt, text in zip(prompts, texts, strict=True)]
    paid = proctor.rewards.for_openrlhf("frequency")(queries, prompts, [None] * len(texts))
    assert paid["rewards"].tolist() == pytest.approx(wanted)


# verl


def verl(texts: list[str], index: list[int], split: str = "train") -> dict[str, Any]:
    """The arguments of verl's BatchRewardManager."""
    return {
        "data_sources": np.array(["figures"] * len(texts), dtype=object),
        "solution_strs": texts,
        "ground_truths": ["6"] * len(texts),
        "extra_infos": np.array([{"index": one, "split": split} for one in index], dtype=object),
    }


def test_verl_rows_are_grouped_by_their_index_in_any_order() -> None:
    reward = proctor.rewards.for_verl("majority_vote", n=4)
    assert reward(**verl([*GROUP, *GROUP], [0] * 4 + [1] * 4)) == [*PAID, *PAID]
    mixed = verl([FIVE, SIX, FIVE, SIX, SIX, "hello", SIX, FIVE], [0, 1, 0, 1, 0, 0, 1, 1])
    assert reward(**mixed) == [1, 1, 1, 1, 0, 0, 1, 0]


def test_verl_validation_is_graded_by_labels() -> None:
    assert proctor.rewards.for_verl("majority_vote", n=4)(**verl([FIVE, SIX], [0, 1], "test")) == [0, 1]


def test_verl_groups_that_are_not_whole_are_refused() -> None:
    reward = proctor.rewards.for_verl("majority_vote", n=4)
    with pytest.raises(UsageError, match="3 responses to row figures train 0, not the whole group of n = 4"):
        reward(**verl(GROUP[:3], [0] * 3))
    with pytest.raises(UsageError, match="reward_manager=batch"):
        reward(data_source="figures", solution_str=FIVE, ground_truth="6", extra_info={"index": 0})
    with pytest.raises(UsageError, match=r"without extra_info\.index"):
        reward(**{**verl(GROUP, [0] * 4), "extra_infos": None})


# OpenRLHF; tests/engines/openrlhf has its executors.


def test_openrlhf_reads_the_response_behind_pictures_and_before_the_end() -> None:
    reward = proctor.rewards.for_openrlhf("majority_vote")
    prompt = "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>How many?<|im_end|>\n<|im_start|>assistant\n"
    shown = prompt.replace("<|image_pad|>", "<|image_pad|>" * 64)
    queries = [f"{shown}{text}<|im_end|><|endoftext|>" for text in GROUP]
    paid = reward(queries, [prompt] * 4, [""] * 4)
    assert paid["rewards"].tolist() == paid["scores"].tolist() == PAID
    with pytest.raises(UsageError, match=r"cut off at --data\.max_len"):
        reward([query[20:] for query in queries], [prompt] * 4, [""] * 4)


def test_openrlhf_single_responses_are_refused() -> None:
    with pytest.raises(UsageError, match="for_openrlhf_agent"):
        proctor.rewards.for_openrlhf("majority_vote")(["a b"], ["a "], ["5"])


# The real thing.


def test_trl_trains_with_it(tmp_path: Path) -> None:
    """Two steps of TRL's own GRPOTrainer on texts: rewards are logged under the reward's name."""
    trl = pytest.importorskip("trl")
    from datasets import Dataset
    from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(BASE)
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=1,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    config = trl.GRPOConfig(
        output_dir=str(tmp_path),
        per_device_train_batch_size=4,
        num_generations=4,
        max_completion_length=8,
        max_steps=2,
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        bf16=False,
    )
    trainer = trl.GRPOTrainer(
        model=model,
        args=config,
        processing_class=tokenizer,
        train_dataset=Dataset.from_list([{"prompt": f"How many is {k}?", "answer": str(k)} for k in range(4)]),
        reward_funcs=[
            proctor.rewards.for_trl("majority_vote", num_generations=4),
            proctor.rewards.for_trl("random", num_generations=4),
        ],
    )
    trainer.train()
    logged = [row for row in trainer.state.log_history if "rewards/majority_vote/mean" in row]
    assert len(logged) == 2
    assert all(0 <= row["rewards/random/mean"] <= 1 for row in logged)
