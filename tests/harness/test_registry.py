"""Things by name: what is built in, what packages add, and what goes wrong with them."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from proctor.harness.errors import UsageError
from proctor.harness.registry import FileRegistry, Registry

BUILTIN = {"a": "json:dumps", "b": "no.such.module:x"}


def point(name: str, loaded: object, package: str = "guest") -> SimpleNamespace:
    """An entry point of an installed package, whose loading raises an exception that it is given."""

    def load() -> object:
        if isinstance(loaded, BaseException):
            raise loaded
        return loaded

    return SimpleNamespace(name=name, value="guest:thing", load=load, dist=SimpleNamespace(name=package, version="2.0"))


def thing() -> None:
    """A thing.

    It does nothing.
    """


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry[object]:
    """Two built-in names, and a package that adds a good one, a broken one, and one that is taken."""
    points = [
        point("a", "impostor"),
        point("good", thing),
        point("broken", SystemExit("no\nway")),
        point("twice", 1),
        point("twice", 2, "rival"),
    ]
    monkeypatch.setattr(
        "proctor.harness.registry.entry_points", lambda group: points if group == "proctor.things" else []
    )
    return Registry("thing", "proctor.things", BUILTIN)


def test_a_built_in_name_is_imported_when_asked_for_and_not_taken_over(registry: Registry[object]) -> None:
    assert registry.names() == ["a", "b", "broken", "good", "twice"]
    assert registry.get("a") is json.dumps
    with pytest.raises(ImportError):
        registry.get("b")


def test_what_is_broken_is_an_error_only_where_it_is_asked_for(registry: Registry[object]) -> None:
    assert registry.get("good") is thing
    with pytest.raises(
        UsageError,
        match=r"^thing broken of package guest 2\.0 cannot be loaded: .*_registry\.py:\d+: SystemExit: no way$",
    ):
        registry.get("broken")
    with pytest.raises(
        UsageError, match=r"several packages give the thing 'twice': package guest 2\.0 and package rival"
    ):
        registry.get("twice")
    with pytest.raises(UsageError, match="no thing is called 'none'; there are: a, b, broken, good, twice"):
        registry.get("none")


def test_each_is_a_line(registry: Registry[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(BUILTIN, "b")
    listed = [(one.name, one.source, one.summary.partition(":")[0]) for one in registry.describe()]
    assert listed == [
        ("a", "built in", "JSON (JavaScript Object Notation) <https"),
        ("a", "package guest 2.0", "not used"),
        ("broken", "package guest 2.0", "broken"),
        ("good", "package guest 2.0", "A thing."),
        ("twice", "package guest 2.0", "not used"),
        ("twice", "package rival 2.0", "not used"),
    ]


def test_a_stored_thing_is_called_as_its_entry_point(registry: Registry[object]) -> None:
    stored: Registry[object] = Registry("thing", "proctor.things", stored=True)
    with pytest.raises(UsageError, match="is called 'thing': its entry point must be called so too"):
        stored.get("good")


def test_files_of_a_folder_and_of_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, names in (("bundled", "ab"), ("guest_of_test/data", "ac")):
        (tmp_path / folder).mkdir(parents=True)
        for name in names:
            (tmp_path / folder / f"{name}.toml").write_text(f"{folder} {name}")
    monkeypatch.syspath_prepend(tmp_path)
    points = [point("data", None), point("gone", None)]
    points[0].value, points[1].value = "guest_of_test.data", "no_such_package.data"
    monkeypatch.setattr("proctor.harness.registry.entry_points", lambda group: points)
    files: FileRegistry[str] = FileRegistry(
        kind="file",
        group="proctor.files",
        folder=tmp_path / "bundled",
        read=lambda path, name: path.read_text(),
        summary=lambda path, name: name.upper(),
    )
    assert files.names() == ["a", "b", "c", "gone"]
    assert [files.get(name) for name in "abc"] == ["bundled a", "bundled b", "guest_of_test/data c"]
    assert files.load(str(tmp_path / "bundled" / "b.toml")) == "bundled b"
    with pytest.raises(UsageError, match=r"files gone of package guest 2\.0 cannot be loaded: ModuleNotFoundError"):
        files.get("gone")
    assert [(one.name, one.summary[:8]) for one in files.describe()] == [
        ("a", "A"),
        ("a", "not used"),
        ("b", "B"),
        ("c", "C"),
        ("gone", "broken: "),
    ]
