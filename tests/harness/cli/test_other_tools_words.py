"""Options of other tools: the error says in one line what stands for them here, and all that it names is there."""

import re

import pytest

from proctor.harness.cli.other_tools_words import CALLED, NEEDLESS

MODEL = ("--model", "M", "--suite", "figures")


def said(cli, *words: str) -> str:
    """The one line of a command that is not understood, without its beginning and end."""
    done = cli(*words)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1), done.err
    return done.err.split(": ", 1)[1].rpartition(" (see ")[0]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--model", "M", "--tasks", "mathvista"), "--tasks mathvista is --suite mathvista here"),
        (("--model", "M", "--tasks=mathvista"), "--tasks mathvista is --suite mathvista here"),
        ((*MODEL, "--tasks"), "--tasks is --suite NAME here"),
        (("--suite", "figures", "--model_args", "pretrained=M"), "--model_args pretrained=M is --model M here"),
        (
            ("--model_args", "pretrained=M,dtype=bfloat16,max_pixels=9"),
            "--model_args pretrained=M,dtype=bfloat16,max_pixels=9 is --model M --engine-option dtype=bfloat16 --max-pixels "
            "9 here",
        ),
        (
            ("--engine", "lmms_eval", "--model_args", "pretrained=M"),
            "--model_args pretrained=M is --engine-option model_args=pretrained=M here",
        ),
        (
            (*MODEL, "--gen_kwargs", "temperature=0,max_new_tokens=9,num_beams=1"),
            "--gen_kwargs temperature=0,max_new_tokens=9,num_beams=1 is --temperature 0 --max-tokens 9 (without num_beams, "
            "for which there is none) here",
        ),
        ((*MODEL, "--gen_kwargs", "do_sample=False"), "--gen_kwargs do_sample=False is --temperature 0 here"),
        ((*MODEL, "--batch_size", "4"), "--batch_size 4 is --engine-option batch=4 here"),
        ((*MODEL, "--batch-size", "auto"), "--batch-size is --engine-option batch=N here"),
        ((*MODEL, "--engine", "openai", "--batch", "4"), "--batch 4 is --engine-option concurrency=4 here"),
        ((*MODEL, "--engine", "vllm", "--batch", "4"), "--batch: engine vllm has none"),
        ((*MODEL, "--device", "cuda:0"), "--device cuda:0 is --engine-option device=cuda:0 here"),
        ((*MODEL, "--log_samples"), "--log_samples: every answer is stored, in RUN/responses.jsonl"),
        ((*MODEL, "--output_path", "logs"), "--output_path logs is --out logs here"),
        ((*MODEL, "--work-dir", "logs"), "--work-dir logs is --out logs here"),
        (
            ("--tasks", "a", "--batch_size", "4", "--limt", "3"),
            "--tasks a is --suite a here; --batch_size 4 is --engine-option batch=4 here; '--limt' is not known; did you "
            "mean --limit?",
        ),
    ],
)
def test_an_option_of_another_tool_is_said_in_the_words_here(cli, words, line):
    assert said(cli, "eval", *words) == line


@pytest.mark.parametrize("name", [*CALLED, *NEEDLESS, "batch_size", "device", "gen_kwargs", "model_args"])
def test_what_is_named_instead_is_there(cli, name):
    line = said(cli, "eval", *MODEL, f"--{name}", "3")
    assert "is not known" not in line
    helps = cli("eval", "--help").out + cli("score", "--help").out + cli("--help").out
    assert all(option in helps for option in re.findall(r"--[a-z-]+", line.partition(f"--{name}")[2]))


def test_where_a_command_has_no_such_option_none_is_named(cli):
    assert said(cli, "score", "runs", "--tasks", "a").startswith("'--tasks' is not known")
    assert said(cli, "score", "runs", "--judge", "gpt") == "--judge gpt is --judge-model gpt here"
    assert "`proctor score RUN --judge-model NAME`" in said(cli, "eval", *MODEL, "--judge", "gpt")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("M", "--suite", "figures"), "'M' belongs to no option: say --model M"),
        (("figures", "--model=M", "--limit", "3"), "'figures' belongs to no option: say --suite figures"),
        ((*MODEL, "chartqa"), "'chartqa' belongs to no option"),
    ],
)
def test_a_word_that_belongs_to_no_option_is_named(cli, words, line):
    assert said(cli, "eval", *words) == line


def test_an_engine_by_another_name_is_said(cli):
    assert said(cli, "eval", *MODEL, "--engine", "hf") == "argument --engine: hf is called transformers here"
