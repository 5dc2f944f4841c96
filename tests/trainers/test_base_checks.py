"""A base that would end a training late, or change unsaid what is learned, is refused in one line before the start."""

import json
import shutil

import pytest

from proctor.harness.errors import CheckpointError, UsageError
from proctor.trainers.base_checks import check_trainable
from proctor.trainers.tiny import BASE

TEMPLATE = (BASE / "chat_template.jinja").read_text()
OTHER = TEMPLATE.replace("<|im_start|>assistant", "<|im_start|>system")
assert TEMPLATE != OTHER


@pytest.fixture
def base(tmp_path):
    return shutil.copytree(BASE, tmp_path / "base")


def change(file, **values):
    """Set values of a JSON file; `text_config__x` is x of its text_config."""
    stored = json.loads(file.read_text()) if file.exists() else {}
    for name, value in values.items():
        *sections, last = name.split("__")
        table = stored
        for section in sections:
            table = table[section]
        table[last] = value
    file.write_text(json.dumps(stored))


def test_a_good_base_is_fine(base):
    check_trainable(base)
    change(base / "generation_config.json", do_sample=True, temperature=1e-6, top_k=1, repetition_penalty=1.05)
    change(base / "chat_template.json", chat_template=TEMPLATE)
    change(base / "processor_config.json", chat_template="{# the same, said otherwise #}" + TEMPLATE)
    change(base / "tokenizer_config.json", chat_template=[{"name": "default", "template": TEMPLATE}])
    check_trainable(base)
    (base / "generation_config.json").unlink()
    check_trainable(base)


@pytest.mark.parametrize(
    ("file", "values", "said"),
    [
        ("generation_config.json", {"do_sample": False, "temperature": 0.1}, "temperature.*mend it, or remove it"),
        ("config.json", {"text_config__attention_dropout": 0.1}, "text_config.attention_dropout is 0.1: .*set it to 0"),
        ("config.json", {"vision_config__hidden_dropout_prob": 0.5}, "vision_config.hidden_dropout_prob is 0.5"),
        ("chat_template.json", {"chat_template": OTHER}, "chat_template.jinja and chat_template.json hold .* differ"),
        ("processor_config.json", {"chat_template": OTHER}, "chat_template.jinja and processor_config.json hold"),
        ("tokenizer_config.json", {"chat_template": OTHER}, "chat_template.jinja and tokenizer_config.json hold"),
        ("tokenizer_config.json", {"chat_template": "{{ messages }}"}, "hold chat templates that differ"),
    ],
)
def test_what_would_be_noticed_late_is_refused(cli, base, tmp_path, file, values, said):
    change(base / file, **values)
    with pytest.raises(CheckpointError, match=said):
        check_trainable(base)
    done = cli("train", "mm_upt_figures", "--base", base, "--out", tmp_path / "out")
    assert done.code == 2
    assert len(done.err.strip().splitlines()) == 1
    assert str(base) in done.err
    assert not (tmp_path / "out").exists()


def test_a_generation_config_that_is_no_json_is_refused(base):
    (base / "generation_config.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"generation_config\.json: no checkpoint could be saved with it"):
        check_trainable(base)


def test_a_context_that_is_too_short_is_told(base):
    check_trainable(base, 4096)
    with pytest.raises(UsageError, match=r"4097 tokens together, and the base has a context of 4096"):
        check_trainable(base, 4097)
