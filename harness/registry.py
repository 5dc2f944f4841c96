"""Things by name: what is built in, what installed packages add, and what stands in a file of one's own.

Every extension point is open in the same two ways:

- by an entry point of an installed package, in the group of its kind: `[project.entry-points."proctor.rewards"]` with a line
  `mine = "package.module:thing"`. For a kind whose things are files of data (a profile, a recipe, a paper's tables) the value
  is the folder in the package, `data = "package.recipes"`, all whose files count, each by its own name;
- by a path, where the name is asked for: `path/to/mine.py:thing`, which executes the file, or `path/to/mine.toml`.

A built-in name cannot be taken over, and a name that two packages give is an error where it is asked for. So is a package
that cannot be imported: nothing else suffers from it.

Names that stand in stored files are looked up by `get`, which never executes a file. Only `load`, which is for what the user
wrote in a command or a recipe, follows a path.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, cast

from .errors import DataError, ProctorError, UsageError, did_you_mean, printable
from .user_file import UserFile, describe_error, in_file

T = TypeVar("T")
BUILT_IN = "built in"
_THIS_PROCESS = "this process"
NEAREST = 5
"""So many names at most are told for an unknown one."""


class Origin(NamedTuple):
    """Where a thing that is not built in comes from.

    `name` is what it goes by: its entry point's name, else its own; `shown` is what errors call it, like "mine.py:Thing";
    `source` is for people, like "package mine 1.0" or "file mine.py"; `file` is the file that a path named.
    """

    name: str
    shown: str
    source: str
    file: UserFile | None = None


class Listed(NamedTuple):
    """A line of a listing: a name, what it is, and where it comes from."""

    name: str
    summary: str
    source: str


class _Point(NamedTuple):
    """A name that is built in or that a package gives: where it comes from, how it is opened, and what it is in a line."""

    name: str
    source: str
    open: Callable[[], Any]
    summary: Callable[[], str]


class _Loaded(NamedTuple):
    """What a path gave in this process: the path with the thing's name, the file's digest, and the thing.

    Of what was adopted there is no file, and so no digest.
    """

    text: str
    sha256: str
    thing: Any


_LOADED: dict[tuple[str, str], _Loaded] = {}
"""By group and name. The name is the path as it was written; for a kind that runs name, also the thing's own."""
_OWNERS: dict[tuple[str, str], tuple[str, str]] = {}
"""What the process that this one works for has loaded, and this one has not yet: see `load_files`."""


def _as_it_is(found: Any, origin: Origin) -> Any:
    return found


@dataclass(frozen=True)
class Registry(Generic[T]):
    """Things of one `kind`; `group` is the entry-point group, `builtin` maps names to "module:attribute".

    `adapt` makes a thing of what a package or a file gave: (found, where it comes from). It raises UsageError for what is no
    such thing. With `stored` a run names the thing, so that what a package gives must be called as its entry point is.
    """

    kind: str
    group: str
    builtin: Mapping[str, str] = field(default_factory=dict)
    adapt: Callable[[Any, Origin], T] = _as_it_is
    stored: bool = False

    _path: ClassVar[str] = "FILE.py:NAME"

    @property
    def or_yours(self) -> str:
        """How an error for an unknown name ends: how one's own thing is named, also one that a stored run names."""
        return (
            f" (or yours: {self._path}{f'; where a stored run names it, --with {self._path}' if self.stored else ''})"
        )

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted({point.name for point in (*self._builtin(), *self._packaged())})

    def __contains__(self, name: str) -> bool:
        """True for a name that `get` knows, whether it can be loaded or not."""
        return name in self.builtin or name in self._by_path() or name in self.names()

    def get(self, name: str) -> T:
        """The thing of that name; no file is executed. Raises UsageError, naming those there are.

        A name that is built in is never another's.
        """
        for point in self._builtin():
            if point.name == name:
                return cast(T, point.open())
        if name in self._by_path():
            return cast(T, _LOADED[self.group, name].thing)
        points = [point for point in self._packaged() if point.name == name]
        if not points:
            nearest = did_you_mean(name, self.names(), NEAREST, f"proctor list {self.group.rpartition('.')[2]}")
            raise UsageError(f"no {self.kind} is called {name!r:.80}{nearest}{self.or_yours}")
        if len(points) > 1:
            given = " and ".join(point.source for point in points)
            raise UsageError(f"several packages give the {self.kind} {name!r:.60}: {given}; uninstall all but one")
        return cast(T, points[0].open())

    def load(self, text: str) -> T:
        """The thing of that name, or the one that path/to/file.py:thing names; the file is read and executed.

        From then on `get` knows it by the same text. Raises UsageError, with file and line, for a file that fails.
        """
        place = in_file(text)
        return self.get(text) if place is None else self._executed(text, *place)[1]

    def known_as(self, text: str) -> str:
        """The name under which a run stores the thing that the user named, which `get` knows from then on.

        Raises UsageError for a path whose thing is called as another one is.
        """
        place = in_file(text)
        if place is None:
            self.get(text)
            return text
        name = self._executed(text, *place)[0]
        before = _LOADED.get((self.group, name))
        if before is not None and in_file(before.text) != place:
            raise UsageError(f"two files give the {self.kind} {name!r:.60}: {before.text} and {text}")
        if before is None and name in self:
            source = next(
                (one.source for one in (*self._builtin(), *self._packaged()) if one.name == name), "another file"
            )
            raise UsageError(
                f"{self.kind} {text}: the name {name!r:.60} is taken ({source}): give yours another, or ask for {name:.60} "
                "to have that one"
            )
        _LOADED[self.group, name] = _LOADED[self.group, text]
        return name

    def adopt(self, thing: Any) -> str:
        """The name under which `get` knows what the user's own code made, from now on and in this process alone.

        It takes the place of what was adopted by that name before. Raises UsageError for a name that is taken otherwise.
        """
        name = _own_name(thing, "")
        before = _LOADED.get((self.group, name))
        if (before is None and name in self) or (before is not None and before.sha256):
            raise UsageError(
                f"{self.kind} {name!r:.60}: there is one of that name: give yours another, or ask for that one"
            )
        value = self.adapt(thing, Origin(name, name, _THIS_PROCESS))
        _LOADED[self.group, name] = _Loaded(_THIS_PROCESS, "", value)
        return name

    def file_sha256(self, text: str) -> str | None:
        """The digest of the file that a path names, which is executed if it was not yet; None for any other name."""
        if in_file(text) is None:
            return None
        if (self.group, text) not in _LOADED:
            self.load(text)
        return _LOADED[self.group, text].sha256

    def describe(self) -> list[Listed]:
        """A line for each name, and for each entry point that cannot be used."""
        builtin = [Listed(one.name, one.summary(), one.source) for one in self._builtin()]
        packaged = list(self._packaged())
        taken = {one.name: "a built-in name cannot be taken over" for one in builtin}
        counts = Counter(one.name for one in packaged)
        taken = {name: "several packages give this name" for name in counts if counts[name] > 1} | taken
        packages = [_described(one, taken.get(one.name)) for one in packaged]
        return sorted([*builtin, *packages, *_unreadable()])

    def _executed(self, text: str, path: Path, thing: str) -> tuple[str, T]:
        """The own name of a file's thing, and the thing."""
        file = UserFile.execute(path, self.kind)
        found = file.find(thing)
        name = _own_name(found, thing)
        value = self.adapt(found, Origin(name, f"{path.name}:{thing}", f"file {path}", file))
        _LOADED[self.group, text] = _Loaded(text, file.sha256, value)
        return name, value

    def _by_path(self) -> set[str]:
        """The names that stand for what a path named, in this process or in the one that it works for."""
        for (group, name), (text, sha256) in [*_OWNERS.items()]:
            if group == self.group:
                del _OWNERS[group, name]
                place = in_file(text)
                assert place is not None  # the owner loaded it by this path
                self._executed(text, *place)
                if _LOADED[group, text].sha256 != sha256:
                    raise DataError(f"{self.kind} {text} was changed while a command was using it: run it again")
                _LOADED[group, name] = _LOADED[group, text]
        return {name for group, name in _LOADED if group == self.group}

    def _builtin(self) -> Iterator[_Point]:
        for name, value in self.builtin.items():
            yield _Point(name, BUILT_IN, partial(_attribute, value), partial(self._summary, value))

    def _packaged(self) -> Iterator[_Point]:
        for point in _points(self.group):
            yield _Point(point.name, _package(point), partial(self._open, point), partial(self._summary_of, point))

    def _open(self, point: EntryPoint) -> T:
        return self._opened(point)[1]

    def _summary_of(self, point: EntryPoint) -> str:
        """What the thing of a package is: the thing itself is asked, not what `adapt` makes of it."""
        found = self._opened(point)[0]
        module = sys.modules.get(point.value.partition(":")[0].strip())
        return summary_of(found, module.__doc__ if module else None) or point.name

    def _opened(self, point: EntryPoint) -> tuple[Any, T]:
        """What a package gave, and the thing that it is. Raises UsageError for a package that cannot be imported."""
        what = f"{self.kind} {point.name} of {_package(point)}"
        found = _imported(what, point.load)
        if self.stored and _own_name(found, point.name) != point.name:
            raise UsageError(f"{what} is called {_own_name(found, '')!r:.60}: its entry point must be called so too")
        return found, self.adapt(found, Origin(point.name, point.name, _package(point)))

    def _summary(self, value: str) -> str:
        """What a built-in thing is, without importing it: from its docstring, or its file's if it is alone there."""
        module, _, attribute = value.partition(":")
        alone = sum(other.partition(":")[0] == module for other in self.builtin.values()) == 1
        spec = find_spec(module)
        if spec is None or spec.origin is None:
            return ""
        tree = ast.parse(Path(spec.origin).read_bytes())
        own = next((one for one in tree.body if getattr(one, "name", None) == attribute), None)
        return first_line(
            ast.get_docstring(own if isinstance(own, ast.FunctionDef | ast.ClassDef) and not alone else tree)
        )


def _described(point: _Point, unused: str | None) -> Listed:
    """The line of what a package gives; `unused` says why its name does not stand for it."""
    if unused:
        return Listed(point.name, f"not used: {unused}", point.source)
    try:
        return Listed(point.name, point.summary(), point.source)
    except ProctorError as error:
        return Listed(point.name, printable(f"broken: {error}"), point.source)


def _tables(folder: Path) -> Mapping[str, Path]:
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


@dataclass(frozen=True, kw_only=True)
class FileRegistry(Registry[T]):
    """Things of one `kind` that are files of data: by name those of `folder` and of packages' folders, or by path.

    `read` makes a thing of a path and a name, `summary` says in a line what it is; both raise UsageError for a file that is
    none. `members` gives the things of a folder by name, by default every .toml file by its stem.
    """

    folder: Path
    read: Callable[[Path, str], T]
    summary: Callable[[Path, str], str]
    members: Callable[[Path], Mapping[str, Path]] = _tables

    _path: ClassVar[str] = "FILE.toml"

    def load(self, text: str) -> T:
        """The thing of that name, or the one in the .toml file of that path. Raises UsageError."""
        return self.read(Path(text), Path(text).stem) if text.endswith(".toml") else self.get(text)

    def _builtin(self) -> Iterator[_Point]:
        return self._of_folder(self.folder, BUILT_IN)

    def _packaged(self) -> Iterator[_Point]:
        for point in _points(self.group):
            try:
                yield from self._of_folder(_folder(self.kind, point), _package(point))
            except UsageError as error:
                yield _Point(point.name, _package(point), partial(_fail, error), partial(_fail, error))

    def _of_folder(self, folder: Path, source: str) -> Iterator[_Point]:
        for name, path in self.members(folder).items():
            yield _Point(name, source, partial(self.read, path, name), partial(self.summary, path, name))


def loaded_files() -> Mapping[tuple[str, str], tuple[str, str]]:
    """What paths named in this process: by group and name the path with the thing's name, and the file's digest."""
    return {key: (found.text, found.sha256) for key, found in _LOADED.items() if found.sha256}


def load_files(files: Mapping[tuple[str, str], tuple[str, str]]) -> None:
    """Know in this process, a worker, what its owner's `loaded_files` tells of; each is executed when it is asked for."""
    _OWNERS.update(files)


def _fail(error: UsageError) -> Any:
    raise error


def _folder(kind: str, point: EntryPoint) -> Path:
    """The folder in a package that an entry point names. Raises UsageError."""
    what = f"{kind}s {point.name} of {_package(point)}"
    spec = _imported(what, lambda: find_spec(point.value))
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places:
        raise UsageError(f"{what}: {point.value} is no folder of the package")
    return Path(places[0])


def _imported(what: str, load: Callable[[], Any]) -> Any:
    """What is loaded of a package. Raises UsageError whatever its modules raise."""
    try:
        return load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise UsageError(f"{what} cannot be loaded: {describe_error(error)}") from error


def _own_name(thing: Any, otherwise: str) -> str:
    name = getattr(thing, "name", None)
    return name if isinstance(name, str) else getattr(thing, "__name__", otherwise)


def _attribute(value: str) -> Any:
    module, _, attribute = value.partition(":")
    return getattr(import_module(module), attribute)


def _points(group: str) -> list[EntryPoint]:
    """The entry points of a group; those of a package whose entry_points.txt cannot be read are left out."""
    try:
        return list(entry_points(group=group))
    except Exception:  # what it raises for a malformed file is not said anywhere
        return [
            one for found in distributions() if (points := _readable(found)) for one in points if one.group == group
        ]


def _unreadable() -> list[Listed]:
    """A line for each package whose entry_points.txt cannot be read."""
    problem = "broken: its entry_points.txt cannot be read: install it again, or mend [project.entry-points]"
    return [
        Listed(one.name, problem, f"package {one.name} {one.version}")
        for one in distributions()
        if _readable(one) is None
    ]


def _readable(package: Distribution) -> list[EntryPoint] | None:
    try:
        return list(package.entry_points)
    except Exception:
        return None


def _package(point: EntryPoint) -> str:
    found = getattr(point, "dist", None)
    return f"package {found.name} {found.version}" if found else f"entry point {point.value}"


def summary_of(thing: Any, module_doc: str | None) -> str:
    """What a thing is, in one line: its title, else the first line of its own docstring, else of its module's."""
    title = getattr(thing, "title", None)
    if isinstance(title, str):
        return printable(title)
    kind = thing if inspect.isclass(thing) or inspect.isroutine(thing) else type(thing)
    own = None if kind.__module__.partition(".")[0] in ("proctor", "builtins", "functools") else kind.__doc__
    made = own is not None and own.startswith(f"{kind.__name__}(")  # by dataclass, of its fields
    return first_line(None if made else own) or first_line(module_doc)


def first_line(text: str | None) -> str:
    """The first line of a docstring."""
    return printable((text or "").strip().partition("\n")[0])
