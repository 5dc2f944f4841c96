"""The house keeps its shape: who imports whom, what is light, what is packaged."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("harness", "benchmarks", "trainers", "leaderboards")
LIBRARY = "library"
"""The folder of the package itself, what `import proctor` gives; it stands above the rooms."""
ALLOWED = {
    "harness": {"harness"},
    "benchmarks": {"harness", "benchmarks"},
    "trainers": {"harness", "benchmarks", "trainers"},
    "leaderboards": {"harness", "benchmarks", "leaderboards"},
    "harness.cli": set(ROOMS),
}


def modules() -> Iterator[tuple[str, Path]]:
    for room in (*ROOMS, LIBRARY):
        for file in sorted((ROOT / room).rglob("*.py")):
            parts = file.relative_to(ROOT / room if room == LIBRARY else ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


def imports(name: str, file: Path) -> Iterator[str]:
    """Dotted names, from the rooms, of the modules that a file imports, inside functions too."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                assert not alias.name.startswith("proctor"), f"{file}: import relatively"
        if isinstance(node, ast.ImportFrom):
            assert node.level or not (node.module or "").startswith("proctor"), f"{file}: import relatively"
            if node.level:
                base = package.split(".") if package else []
                base = base[: len(base) - node.level + 1]
                target = ".".join([*base, *([node.module] if node.module else [])])
                yield target
                yield from (f"{target}.{alias.name}" for alias in node.names)


def test_rooms_import_only_what_stands_below_them() -> None:
    for name, file in modules():
        if file.parent.name == LIBRARY:
            if file.name == "__main__.py":  # it is the command line
                continue
            assert not [target for target in imports(name, file) if target.startswith("harness.cli")], file
            continue
        room = "harness.cli" if name.startswith("harness.cli") else name.partition(".")[0]
        for target in imports(name, file):
            assert target.partition(".")[0] in ALLOWED[room], f"{file.relative_to(ROOT)} imports {target}"
            if room != "harness.cli":
                assert not target.startswith("harness.cli"), f"{file.relative_to(ROOT)} imports the command line"


def test_there_are_no_import_circles() -> None:
    names = {name for name, _ in modules()}
    graph = {name: {t for t in imports(name, file) if t in names and t != name} for name, file in modules()}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        if name not in done:
            for target in graph[name]:
                if not name.startswith(target + "."):  # a package's own __init__
                    visit(target, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_every_package_is_in_the_distribution() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {
        ".".join(("proctor", *name.split(".")) if name else ("proctor",))
        for name, file in modules()
        if file.name == "__init__.py"
    }
    assert listed == found


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import proctor; proctor.grade, proctor.load_suite, proctor.evaluate, proctor.compare, proctor.score",
        "import proctor; proctor.Suite, proctor.Reward, proctor.load_reward('majority_vote')",
        "from proctor.harness.cli import build_parser; build_parser()",
        "import proctor.benchmarks.examination, proctor.leaderboards.board.table",
        "import proctor.trainers.recipe, proctor.trainers.rewards.registry, proctor.trainers.rewards.majority_vote",
        "import proctor.trainers.rewards.pipeline, proctor.trainers.rewards.actor_judge",
    ],
)
def test_light_commands_import_no_heavy_package(statement: str) -> None:
    assert not loaded_by(statement) & {"torch", "transformers", "tensorboard", "datasets", "vllm"}


def test_the_library_imports_nothing_before_it_is_used() -> None:
    assert not {name for name in loaded_by("import proctor") if name.startswith("proctor.")}
    heavy = {"numpy", "scipy", "pandas", "PIL", "rich", "httpx", "importlib.metadata"}
    assert not loaded_by("import proctor; dir(proctor)") & heavy
    assert not loaded_by("import proctor; proctor.grade('5', '5')") & (heavy - {"importlib.metadata"})


def processor_seconds(*command: str) -> float:
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_and_the_library_take_little_time() -> None:
    assert processor_seconds("-m", "proctor.harness.cli", "--help") < 0.3
    assert processor_seconds("-c", "import proctor") < 0.1
