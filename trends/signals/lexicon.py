"""What the taxonomy already watches: no signal is needed for that."""

from collections.abc import Iterator

from taxonomy.load import Taxonomy


def lexicon_terms(taxonomy: Taxonomy) -> tuple[str, ...]:
    """English terms and names of all areas and routes, as written."""
    return tuple(sorted(set(_terms(taxonomy))))


def _terms(taxonomy: Taxonomy) -> Iterator[str]:
    for area in taxonomy.areas:
        yield area.name.en
        yield from (term.text for term in area.terms if term.lang == "en")
        for route in area.routes:
            yield route.name.en
            yield from (term.text for term in route.terms if term.lang == "en")
