"""What of a base would end a training late, or change unsaid what is learned: found before its weights are loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from transformers import GenerationConfig

from ..harness.engines.chat import ChatTemplate
from ..harness.engines.loading import as_checkpoint_error, load_processors, load_trainable_configuration
from ..harness.errors import CheckpointError, DataError, UsageError
from ..harness.runs.checkpoints import check_whole, read_json
from ..harness.types import Image, Json, Prompt

GENERATION = "generation_config.json"
PICTURE = Image.of_bytes(b"", "")
PROBES = (Prompt(("text",)), Prompt((PICTURE, "text"), "system"), Prompt(("text", PICTURE, "text", PICTURE)))
"""What chat templates must agree about."""


def check_trainable(base: Path, tokens: int = 0) -> None:
    """Raise CheckpointError, in one line, for a base that cannot be trained.

    And UsageError if its context is shorter than so many `tokens`, which a prompt and an answer may have together.
    """
    check_whole(base)
    with as_checkpoint_error(base):
        config = load_trainable_configuration(base)
        tokenizer, _ = load_processors(base)
    _check_dropout(base, config.to_dict())
    _check_generation(base)
    _check_templates(base, tokenizer, tokenizer.convert_ids_to_tokens(config.image_token_id))
    context = config.get_text_config().max_position_embeddings
    if tokens > context:
        raise UsageError(
            f"recipe: prompts and answers may have {tokens} tokens together, and the base has a context of {context}: lower "
            "openrlhf.prompt_tokens or sampling.max_tokens"
        )


def _check_dropout(base: Path, config: Json) -> None:
    """Dropout makes the trained probabilities other than those that the answers were drawn with."""
    for name, value in _numbers(config):
        if "drop" in name.rpartition(".")[2] and value:
            raise CheckpointError(
                f"{base}/config.json: {name} is {value}: with dropout the probabilities that are trained are not those that "
                "answers are drawn with: set it to 0"
            )


def _numbers(value: Json, at: str = "") -> Iterator[tuple[str, float]]:
    """All numbers in nested settings, by their dotted names."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _numbers(inner, f"{at}.{name}".strip("."))
    elif isinstance(value, int | float):
        yield at, value


def _check_generation(base: Path) -> None:
    """An invalid generation config is refused when a checkpoint is saved, after hours."""
    if not (base / GENERATION).exists():
        return
    try:
        GenerationConfig.from_pretrained(base, local_files_only=True).validate(strict=True)
    except Exception as error:  # whatever a stranger's file makes it raise
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(
            f"{base}/{GENERATION}: no checkpoint could be saved with it ({reason}): mend it, or remove it"
        ) from error


def _check_templates(base: Path, tokenizer: object, image_token: str) -> None:
    """A trainer, an engine and a server do not look for the chat template in one place."""
    found = [(place, _rendered(tokenizer, image_token, template)) for place, template in _templates(base)]
    for place, rendered in found[1:]:
        if rendered != found[0][1]:
            raise CheckpointError(
                f"{base}: {found[0][0]} and {place} hold chat templates that differ, and it depends on the program which is "
                "read: keep the one that the model was trained with"
            )


def _templates(base: Path) -> Iterator[tuple[str, str]]:
    """The places that a chat template is read from, with what they hold."""
    if (base / "chat_template.jinja").is_file():
        yield "chat_template.jinja", (base / "chat_template.jinja").read_text(errors="replace")
    for name in ("chat_template.json", "processor_config.json", "tokenizer_config.json"):
        if (base / name).is_file() and isinstance(
            template := _default(read_json(base / name).get("chat_template")), str
        ):
            yield name, template


def _default(held: Json) -> Json:
    """The template, or of several that have names the one that is used where none is named."""
    if not isinstance(held, list):
        return held
    named = {one.get("name"): one.get("template") for one in held if isinstance(one, dict)}
    return named.get("default")


def _rendered(tokenizer: object, image_token: str, template: str) -> list[str]:
    """What the template makes of the probes; of one that it cannot render, why."""
    tokenizer.chat_template = template  # type: ignore[attr-defined]
    chat = ChatTemplate(tokenizer, image_token)
    found = []
    for probe in PROBES:
        try:
            found.append(chat.text(probe))
        except DataError as error:
            found.append(str(error))
    return found
