"""A recipe that asks in words of its user's own, from a text file: the same on every path, and a part of what is trained."""

import json
from pathlib import Path

import pytest

from proctor.harness.errors import UsageError
from proctor.harness.types import Image, Item
from proctor.trainers.recipe import load_recipe
from proctor.trainers.resolve import recipe_files
from proctor.trainers.sampler import asking, training_prompts

WORDS = "{question} Think in <think> tags, then put it into \\boxed{ANSWER}."
PICTURE = Image("0" * 64, "q1-0", b"")


def template(folder: Path, text: str = WORDS) -> str:
    file = folder / "own.txt"
    file.write_text(text + "\n")
    return f"prompts.template={file}"


def test_every_item_is_asked_in_these_words(tmp_path: Path) -> None:
    recipe = load_recipe("mm_upt_figures", [template(tmp_path)])
    item = training_prompts(recipe.prompts, 0)(0, 1)[0]
    prompt = asking(recipe)(item)
    assert prompt.images == item.images
    assert str(prompt.parts[-1]) == WORDS.replace("{question}", item.question)


def test_options_and_marks_of_pictures_stay_where_they_stand(tmp_path: Path) -> None:
    recipe = load_recipe("mm_upt_geometry3k", [template(tmp_path)])
    ask = asking(recipe)
    marked = Item("q1", "geometry3k", "In <image> find x.", "", "text", images=(PICTURE,))
    assert ask(marked).parts == ("In", PICTURE, WORDS.replace("{question}", "find x."))
    chosen = Item("q2", "geometry3k", "Which?", "", "text", images=(PICTURE,), choices=("left", "right"))
    assert ask(chosen).parts == (PICTURE, WORDS.replace("{question}", "Which?\nChoices:\n(A) left\n(B) right"))


def test_the_file_is_found_beside_the_recipe_and_known_by_its_digest(tmp_path: Path) -> None:
    template(tmp_path)
    (tmp_path / "judge.txt").write_text("{question}\n{response}\n")
    recipe_file = tmp_path / "mine.toml"
    recipe_file.write_text(
        'extends = "mm_upt_figures"\nreward = "actor_judge"\n[prompts]\ntemplate = "own.txt"\n[judge]\nprompt = "judge.txt"\n'
    )
    recipe = load_recipe(str(recipe_file))
    assert recipe.prompts.template == str(tmp_path / "own.txt")
    assert set(recipe_files(recipe)) == {"template_file", "judge_prompt_file"}


@pytest.mark.parametrize("text", ["Put it into a box.", "{question} {question}", ""])
def test_words_without_a_place_for_the_question_are_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"own\.txt must"):
        asking(load_recipe("mm_upt_figures", [template(tmp_path, text)]))


def test_a_training_is_not_resumed_in_other_words(tmp_path: Path, cli_process) -> None:
    small = ("policy.steps=2", "policy.prompts=4", "sampling.n=4", "checkpoint_every=1", "sampling.max_tokens=12")
    words = template(tmp_path)
    train = (
        "train",
        "mm_upt_figures",
        "--out",
        str(tmp_path / "t"),
        *(part for one in (*small, words) for part in ("--set", one)),
    )
    assert cli_process(*train).code == 0
    assert json.loads((tmp_path / "t" / "training.json").read_text())["identity"]["template_file"]["sha256"]
    template(tmp_path, WORDS + " Be brief.")
    again = cli_process(*train, "--resume")
    assert again.code == 2
    assert "template_file" in again.err
