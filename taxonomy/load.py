"""Reading area files: with the line of every mistake, checks across files and a content hash as version."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import ClassVar

import yaml
from pydantic import TypeAdapter, ValidationError

from horizon.errors import TaxonomyError
from taxonomy.schema import AreaFile, AspectCues, Term

AREAS = Path(str(files("taxonomy") / "areas"))
LENS = Path(str(files("taxonomy") / "lens.yml"))
_CUES: TypeAdapter[dict[str, AspectCues]] = TypeAdapter(dict[str, AspectCues])


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # ten times faster where built
    """YAML without the surprises of version 1.1: `yes`, `no`, `on` and dates stay the words they are."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":timestamp"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class Taxonomy:
    """All areas, by tier and id; `version` is a hash of their content, not of their layout or comments."""

    areas: tuple[AreaFile, ...]
    version: str

    def area(self, area_id: str) -> AreaFile:
        """The area with this id; raises TaxonomyError naming the known ones."""
        for area in self.areas:
            if area.id == area_id:
                return area
        known = ", ".join(area.id for area in self.areas)
        raise TaxonomyError(f"expected a known area, found {area_id!r}; known: {known}")

    @property
    def series(self) -> tuple[str, ...]:
        """Names of every series that is counted: areas first, then routes."""
        areas = [f"area:{area.id}" for area in self.areas]
        routes = [f"route:{area.id}/{route.id}" for area in self.areas for route in area.routes]
        return (*areas, *routes)


def load_taxonomy(directory: Path | None = None) -> Taxonomy:
    """Load every `*.yml` of a folder (default: the shipped areas); one named `*.yaml` is a mistake, not passed over.

    Raises TaxonomyError with file and line for the first mistake within a file or across files.
    """
    folder = directory or AREAS
    paths = sorted(folder.glob("*.yml"))
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix.lower() in (".yaml", ".yml") and path.suffix != ".yml":
            raise TaxonomyError(f"expected a name that ends in .yml, found {path.name}; rename it", file=path)
    if not paths:
        raise TaxonomyError(f"expected area files (*.yml), found none in {folder}; name a folder that holds them")
    areas = [load_area(path) for path in paths]
    for path, message in _cross_file_mistakes(list(zip(paths, areas, strict=True))):
        raise TaxonomyError(message, file=path)
    ordered = tuple(sorted(areas, key=lambda area: (area.tier, area.id)))
    return Taxonomy(ordered, _content_hash(ordered))


def load_area(path: Path) -> AreaFile:
    """Load and validate one area file; raises TaxonomyError naming file and line."""
    text = _read(path)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        for at, key in repeated_keys(node):
            # YAML itself forbids it, and the reader would silently take the last.
            raise TaxonomyError(f"the key {key!r} stands twice in one mapping; remove one", file=path, line=at)
        data = None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        problem = getattr(error, "problem", None) or str(error)
        raise TaxonomyError(f"not readable as YAML: {problem}; mend the line", file=path, line=line) from None
    try:
        area = AreaFile.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        message = f"{where}: {first['msg']}; found {_shorten(first['input'])}"
        raise TaxonomyError(message, file=path, line=_line_of(node, first["loc"])) from None
    if path.stem != area.id:
        raise TaxonomyError(f"expected id {path.stem!r} as the file's name says, found {area.id!r}", file=path, line=1)
    for place, message in _repeats(area):
        raise TaxonomyError(message, file=path, line=_line_of(node, place))
    return area


@cache
def load_cues(path: Path = LENS) -> Mapping[str, AspectCues]:
    """By aspect, how any text speaks of it; raises TaxonomyError naming the file and the first mistake."""
    try:
        loaded = yaml.load(_read(path), Loader=_Loader)  # noqa: S506  (a safe loader with fewer surprises)
        return _CUES.validate_python(loaded)
    except yaml.YAMLError as error:
        raise TaxonomyError(f"not readable as YAML: {error}; mend the line", file=path) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise TaxonomyError(f"{where}: {first['msg']}; found {_shorten(first['input'])}", file=path) from None


def repeated_keys(node: yaml.Node | None, seen: set[int] | None = None) -> Iterator[tuple[int, str]]:
    """Line and key of every second value of a key. An alias is looked into once: it may lead back to itself."""
    seen = set() if seen is None else seen
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in keys:
                    yield key.start_mark.line + 1, key.value
                keys.add(key.value)
            yield from repeated_keys(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from repeated_keys(value, seen)


def json_schema() -> str:
    """JSON Schema of an area file, for editors."""
    return json.dumps(AreaFile.model_json_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TaxonomyError(f"expected a readable UTF-8 file, found: {error}", file=path) from None


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _line_of(node: yaml.Node | None, loc: Sequence[int | str]) -> int | None:
    """Line of the deepest node on the path that exists (a missing key is reported at its parent)."""
    line = None if node is None else node.start_mark.line + 1
    for part in loc:
        node = _child(node, part)
        if node is None:
            return line
        line = node.start_mark.line + 1
    return line


def _child(node: yaml.Node | None, part: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child: yaml.Node = node.value[part]
        return child
    return None


def _key(term: Term) -> tuple[str, str]:
    return (term.lang, term.text if term.case == "exact" else " ".join(term.text.casefold().replace("-", " ").split()))


def _repeats(area: AreaFile) -> Iterator[tuple[tuple[int | str, ...], str]]:
    lists: list[tuple[tuple[int | str, ...], tuple[Term, ...]]] = [
        (("terms",), area.terms),
        (("exclusions",), area.exclusions),
    ]
    for g, group in enumerate(area.route_groups):
        lists += [(("route_groups", g, "routes", r, "terms"), route.terms) for r, route in enumerate(group.routes)]
    for where, terms in lists:
        seen: set[tuple[str, str]] = set()
        for index, term in enumerate(terms):
            if _key(term) in seen:
                yield (*where, index), f"the term {term.text!r} stands twice in one list; remove one"
            seen.add(_key(term))


def _cross_file_mistakes(files_: list[tuple[Path, AreaFile]]) -> Iterator[tuple[Path, str]]:
    owners: dict[tuple[str, str], tuple[Path, Term]] = {}
    for path, area in files_:
        for term in area.terms:
            other = owners.setdefault(_key(term), (path, term))
            if other[0] != path and not (term.shared and other[1].shared):
                message = f"the term {term.text!r} also stands in {other[0].name}; say why with `shared:` in both"
                yield path, message


def _content_hash(areas: Sequence[AreaFile]) -> str:
    content = [area.model_dump(mode="json", exclude={"owner", "reviewed"}) for area in areas]
    cues = {aspect: each.model_dump(mode="json", exclude={"asks"}) for aspect, each in load_cues().items()}
    text = json.dumps([content, cues], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
