"""Where a text outside the taxonomy lies: its nearest area, and the sector it belongs to.

Texts become vectors by their n-grams (`nlp.gram_vectors`: thousands a second, no encoder); an area is where its own
definition, terms and examples lie.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nlp.embeddings import Vectors
    from taxonomy.load import Taxonomy
    from taxonomy.schema import AreaFile


def encode(texts: Sequence[str]) -> "Vectors":
    """(text, width); zero where no n-gram is known, as of Chinese."""
    from nlp.gram_vectors import load_gram_vectors
    from nlp.normalize import normalize

    return load_gram_vectors().encode([normalize(text).words for text in texts])


class Placer:
    """Says of texts what they are nearest to."""

    def __init__(self, taxonomy: "Taxonomy") -> None:
        from trends.nearest import Sectors, centroids_of, sector_texts

        told = [(area.id, text) for area in taxonomy.areas for text in _texts(area)]
        self._areas = centroids_of(encode([text for _, text in told]), [frozenset({area}) for area, _ in told])
        self._sector_of = {area.id: area.sector for area in taxonomy.areas}
        fields = sector_texts()
        self._sectors = Sectors.of([name for name, _ in fields], encode([text for _, text in fields]))

    def place(self, term: str, texts: Sequence[str]) -> tuple[str | None, str | None]:
        """(area, sector) nearest to a term and the texts that use it; None where nothing is known of them."""
        from trends.nearest import nearest, unit

        vectors = encode([term, *texts])
        middle = unit(vectors.sum(axis=0, keepdims=True))
        [found] = nearest(middle, self._areas, self._sector_of, self._sectors)
        return found.area, found.sector


def _texts(area: "AreaFile") -> list[str]:
    examples = [f"{each.title}. {each.abstract or ''}" for each in area.examples.yes]
    terms = ". ".join(term.text for term in area.terms if term.lang == "en")
    routes = [". ".join(term.text for term in route.terms if term.lang == "en") for route in area.routes]
    return [area.definition.en, terms, *routes, *examples]
