"""What [rollouts] can be set to, and what is refused in one line before anything loads."""

from importlib.util import find_spec

import pytest

from proctor.harness.errors import UsageError, install
from proctor.trainers.recipe import load_recipe

VLLM = ("--set", "rollouts.engine=vllm")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["rollouts.engine='sglang'"], "rollouts.engine must be one of: transformers, vllm"),
        (
            ["rollouts.engine='vllm'", "trainer='trl'"],
            r"\[rollouts\] is the local trainer's, and trainer trl has its own",
        ),
        (["rollouts.engine='vllm'", "lora.four_bit=true"], "rollouts.engine vllm draws by whole weights"),
        (["rollouts.gpu_memory_utilization=1.0"], "gpu_memory_utilization must be above 0 and below 1"),
        (["rollouts.most_vllm_kl=0.0"], "most_vllm_kl must be positive"),
    ],
)
def test_what_cannot_be_is_refused(changes, said):
    with pytest.raises(UsageError, match=said):
        load_recipe("mm_upt_figures", changes)


def test_a_recipe_without_the_section_is_stored_as_ever():
    assert "rollouts" not in load_recipe("mm_upt_figures").to_json()
    assert not load_recipe("mm_upt_figures").drawn_by_vllm
    assert not load_recipe("mm_upt_figures", ["rollouts.engine='transformers'"]).drawn_by_vllm


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("sft_figures", "[rollouts] is for methods that draw at every step, and sft has stages"),
        ("rent_figures", "reward negative_entropy needs token entropies, which vLLM does not give"),
    ],
)
def test_what_vllm_cannot_draw_for_is_one_line(cli, tmp_path, recipe, said):
    done = cli("train", recipe, *VLLM, "--out", tmp_path / "out")
    assert done.code == 2
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_without_vllm_it_says_how_to_get_it(cli, tmp_path):
    if find_spec("vllm"):
        pytest.skip("vLLM is installed here")
    done = cli("train", "mm_upt_figures", *VLLM, "--out", tmp_path / "out")
    assert done.code == 2
    assert install("vllm") in done.err
    assert not (tmp_path / "out").exists()
