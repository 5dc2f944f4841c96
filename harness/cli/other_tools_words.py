"""What options of lmms-eval, VLMEvalKit and Inspect are called here: for the error that names an unknown option.

Nothing is done for such a word; whoever wrote it is told what to write.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

CALLED = {
    "tasks": "--suite {NAME}",
    "task": "--suite {NAME}",
    "model_name_or_path": "--model {MODEL}",
    "model_path": "--model {MODEL}",
    "output_path": "--out {DIR}",
    "output_dir": "--out {DIR}",
    "work_dir": "--out {DIR}",
    "log_dir": "--out {DIR}",
    "system_instruction": "--system {TEXT}",
    "system_message": "--system {TEXT}",
    "max_new_tokens": "--max-tokens {N}",
    "max_gen_toks": "--max-tokens {N}",
    "epochs": "--samples {N}",
    "stop_seqs": "--stop {TEXT}",
    "include_path": "--with FILE.py:NAME",
    "sample_id": "--ids FILE, with an id a line",
    "judge": "--judge-model {NAME}",
    "model_base_url": "--engine openai --engine-option url={URL}",
    "use_vllm": "--engine vllm",
    "tensor_parallel_size": "--engine-option tensor_parallel={N}",
    "trust_remote_code": "--engine-option trust_remote_code=true",
    "dtype": "--engine-option dtype={NAME}",
    "max_connections": "--engine-option concurrency={N}",
    "api_nproc": "--engine-option concurrency={N}",
    "retry": "--engine-option attempts={N}",
    "max_retries": "--engine-option attempts={N}",
}
"""What an option is called here; {N} stands for the value that was written, and for N where none was."""
NEEDLESS = {
    "log_samples": "every answer is stored, in RUN/responses.jsonl",
    "predict_only": "asking and scoring are separate: `proctor score RUN` judges stored answers at any time",
    "no_score": "asking and scoring are separate: `proctor score RUN` judges stored answers at any time",
    "mode": "eval asks and scores, and `proctor score RUN` judges stored answers again",
    "reuse": "the same command goes on where it stopped",
    "use_cache": "the same command goes on where it stopped",
    "cache_requests": "the same command goes on where it stopped",
    "apply_chat_template": "a chat template is applied where the checkpoint has one",
    "num_fewshot": "there is none: every item is asked without examples",
    "fewshot_as_multiturn": "there is none: every item is asked without examples",
    "verbosity": "there is none: `proctor --debug eval` shows the trace of an error",
    "verbose": "there is none: `proctor --debug eval` shows the trace of an error",
    "log_level": "there is none: `proctor --debug eval` shows the trace of an error",
    "max_batch_size": "there is none",
    "log_samples_suffix": "there is none: a run is named by its model, suite and protocol, or by --run DIR",
    "judge": "`proctor score RUN --judge-model NAME` judges stored answers with a language model",
    "judge_args": "`proctor score RUN --judge-model NAME --judge-url URL` judges stored answers with a language model",
    "write_out": "there is none: RUN/items.jsonl holds what was asked",
    "wandb_args": "there is none: `proctor board export wandb` writes stored runs",
    "hf_hub_log_args": "there is none: `proctor board export` writes stored runs for the hub",
}
"""Why an option needs no word here."""
BATCH = {
    "transformers": "--engine-option batch={N}",
    "lmms_eval": "--engine-option batch_size={N}",
    "openai": "--engine-option concurrency={N}",
}
"""How many questions are answered at once; engine vllm finds that itself."""
BATCH_SIZE = ("batch_size", "batch", "batchsize")
ENTRIES = ("gen_kwargs", "model_args")
"""Options whose values are KEY=VALUE,KEY=VALUE."""
ON_DEVICES = ("transformers", "lmms_eval")
DRAWING = {
    "temperature": "--temperature",
    "max_new_tokens": "--max-tokens",
    "max_gen_toks": "--max-tokens",
    "max_tokens": "--max-tokens",
    "top_p": "--top-p",
    "top_k": "--top-k",
    "min_p": "--min-p",
    "repetition_penalty": "--repetition-penalty",
    "presence_penalty": "--presence-penalty",
    "until": "--stop",
    "stop": "--stop",
    "seed": "--seed",
}
"""The options that stand for entries of --gen_kwargs."""
MODEL = {
    "pretrained": "--model ",
    "model": "--model ",
    "model_version": "--model ",
    "min_pixels": "--min-pixels ",
    "max_pixels": "--max-pixels ",
    "tensor_parallel_size": "--engine-option tensor_parallel=",
    "device_map": "--engine-option device=",
    "torch_dtype": "--engine-option dtype=",
    "base_url": "--engine openai --engine-option url=",
}
"""What stands for entries of --model_args; all others are options of the engine."""
ENGINES = {
    "hf": "transformers",
    "huggingface": "transformers",
    "vllm_generate": "vllm",
    "openai_compatible": "openai",
    "lmms-eval": "lmms_eval",
}
"""What engines are called here."""


def in_our_words(words: Sequence[str], unknown: Collection[str], known: Collection[str]) -> dict[str, str]:
    """For each unknown option that another tool has, what to say of it, in the order in which they were written.

    `words` are all of the command line, `known` the options that the command has; a word is only told of where one of those
    stands for it.
    """
    found = {}
    engine = _value(words, "--engine") or "transformers"
    for word in words:
        option = word.partition("=")[0]
        if option in unknown and option.startswith("--"):
            name, value = option[2:].replace("-", "_"), _value(words, option)
            if here := _option(name, value, ENGINES.get(engine, engine), known):
                told = value and (value in here or name in ENTRIES)
                found[option] = f"{option} {value} is {here} here" if told else f"{option} is {here} here"
            elif (needless := _needless(name, engine)) and "--suite" in known:
                found[option] = f"{option}: {needless}"
    return found


def _option(name: str, value: str, engine: str, known: Collection[str]) -> str:
    """The options that stand for one, with its value; "" where the command does not have them."""
    here = ""
    if name in BATCH_SIZE:
        here = _filled(BATCH.get(engine, ""), value if value.isdecimal() else "")
    elif name == "device" and engine in ON_DEVICES:
        here = _filled("--engine-option device={DEVICE}", value)
    elif name == "gen_kwargs":
        here = _drawn(_entries(value)) or "--temperature T, --max-tokens N, --top-p P and so on"
    elif name == "model_args" and engine == "lmms_eval":
        here = _filled("--engine-option model_args={KEY=VALUE}", value)
    elif name == "model_args":
        here = _modelled(_entries(value)) or "--model MODEL, and --engine-option KEY=VALUE for all else,"
    elif name in CALLED:
        here = _filled(CALLED[name], value)
    return here if here.partition(" ")[0] in known else ""


def _needless(name: str, engine: str) -> str:
    """Why no option stands for one; "" for an option that no tool has."""
    if name in BATCH_SIZE:
        return f"engine {engine} has none"
    if name == "device":
        return f"engine {engine} has none: set CUDA_VISIBLE_DEVICES"
    return NEEDLESS.get(name, "")


def _value(words: Sequence[str], option: str) -> str:
    """What was written after an option, cut short; "" for nothing."""
    for word, after in zip(words, [*words[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name == option:
            return (value if equals else "" if after.startswith("-") else after)[:120]
    return ""


def _filled(text: str, value: str) -> str:
    before, brace, rest = text.partition("{")
    placeholder, _, after = rest.partition("}")
    return f"{before}{value or placeholder}{after}" if brace else text


def _entries(text: str) -> Mapping[str, str]:
    """The entries of KEY=VALUE,KEY=VALUE; none of what is written otherwise."""
    pairs = [entry.partition("=") for entry in text.split(",")]
    return {name.strip(): value for name, equals, value in pairs if equals and name.strip().isidentifier()}


def _drawn(entries: Mapping[str, str]) -> str:
    """The options that stand for entries of --gen_kwargs, and which entries have none."""
    found = [f"{DRAWING[name]} {value}" for name, value in entries.items() if name in DRAWING]
    if entries.get("do_sample", "").lower() == "false" and "temperature" not in entries:
        found.append("--temperature 0")
    lacking = [name for name in entries if name not in DRAWING and name != "do_sample"]
    return " ".join(found) + (f" (without {', '.join(lacking)}, for which there is none)" if found and lacking else "")


def _modelled(entries: Mapping[str, str]) -> str:
    """The options that stand for entries of --model_args."""
    return " ".join(f"{MODEL.get(name, f'--engine-option {name}=')}{value}" for name, value in entries.items())
