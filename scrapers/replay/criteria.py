"""What a query asks of records: of one record, or of a whole library of them by means of its index of words.

Three years of a simulated world are asked for hundreds of phrases: looking into every record each time took minutes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

R = TypeVar("R")


@dataclass
class Library(Generic[R]):
    """Records that are searched again and again; indexes are made when they are first needed."""

    records: Sequence[R]
    _keys: dict[str, Mapping[str, list[int]]] = field(default_factory=dict)

    def places(self, name: str, keys_of: Callable[[R], Iterable[str]]) -> Mapping[str, list[int]]:
        """Places of the records by their keys; `name` stands for the function."""
        if name not in self._keys:
            found: dict[str, list[int]] = {}
            for place, record in enumerate(self.records):
                for key in set(keys_of(record)):
                    found.setdefault(key, []).append(place)
            self._keys[name] = found
        return self._keys[name]


class Criterion(Generic[R]):
    """A condition on a record."""

    def __call__(self, record: R) -> bool:
        raise NotImplementedError

    def among(self, library: Library[R]) -> set[int]:
        """Places of the records that meet it."""
        return {place for place, record in enumerate(library.records) if self(record)}


@dataclass(frozen=True)
class Where(Criterion[R]):
    """Any function of a record."""

    function: Callable[[R], bool]

    def __call__(self, record: R) -> bool:
        return self.function(record)


@dataclass(frozen=True)
class Phrase(Criterion[R]):
    """Words that stand together in a text; both are in lower case with single blanks round each word."""

    name: str
    text_of: Callable[[R], str]
    words: str

    def __call__(self, record: R) -> bool:
        return self.words in self.text_of(record)

    def among(self, library: Library[R]) -> set[int]:
        places = library.places(self.name, lambda record: self.text_of(record).split())
        rarest = min((places.get(word, []) for word in self.words.split()), key=len, default=[])
        return {place for place in rarest if self(library.records[place])}


@dataclass(frozen=True)
class Keyed(Criterion[R]):
    """One of a record's keys, which are few and shared by many, meets a condition."""

    name: str
    keys_of: Callable[[R], Iterable[str]]
    holds: Callable[[str], bool]

    def __call__(self, record: R) -> bool:
        return any(self.holds(key) for key in self.keys_of(record))

    def among(self, library: Library[R]) -> set[int]:
        places = library.places(self.name, self.keys_of)
        return {place for key, found in places.items() if self.holds(key) for place in found}


@dataclass(frozen=True)
class AnyOf(Criterion[R]):
    parts: tuple[Criterion[R], ...]

    def __call__(self, record: R) -> bool:
        return any(part(record) for part in self.parts)

    def among(self, library: Library[R]) -> set[int]:
        return set[int]().union(*(part.among(library) for part in self.parts))


@dataclass(frozen=True)
class AllOf(Criterion[R]):
    parts: tuple[Criterion[R], ...]

    def __call__(self, record: R) -> bool:
        return all(part(record) for part in self.parts)

    def among(self, library: Library[R]) -> set[int]:
        found = self.parts[0].among(library)
        for part in self.parts[1:]:
            found = {place for place in found if part(library.records[place])}
        return found


@dataclass(frozen=True)
class Not(Criterion[R]):
    part: Criterion[R]

    def __call__(self, record: R) -> bool:
        return not self.part(record)
