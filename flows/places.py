"""Where a text outside the taxonomy lies: its nearest area, and the sector it belongs to.

Texts become vectors by their n-grams (`nlp.gram_vectors`: thousands a second, no encoder).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nlp.embeddings import Vectors
    from nlp.model_file import Labelled
    from taxonomy.load import Taxonomy


def encode(texts: Sequence[str]) -> "Vectors":
    """(text, width); zero where no n-gram is known, as of Chinese."""
    from nlp.gram_vectors import load_gram_vectors
    from nlp.normalize import normalize

    return load_gram_vectors().encode([normalize(text).words for text in texts])


class Placer:
    """Says of texts what they are nearest to: an area is where its labelled items lie."""

    def __init__(self, taxonomy: "Taxonomy", labelled: "Labelled | None") -> None:
        """`labelled` are those of the model in force; without them only sectors can be told."""
        from trends.nearest import Sectors, centroids_of, sector_texts

        fields = sector_texts()
        units = encode([text for _, text in fields])
        known = {area.id for area in taxonomy.areas}
        vectors = units[:0] if labelled is None else labelled.guessed_units
        labels = [] if labelled is None else [areas & known for areas in labelled.areas]
        self._areas = centroids_of(vectors, labels)
        self._sector_of = {area.id: area.sector for area in taxonomy.areas}
        self._sectors = Sectors.of([name for name, _ in fields], units)

    def place(self, term: str, texts: Sequence[str]) -> tuple[str | None, str | None]:
        """(area, sector) of a term and the texts that use it; the area only where they lie as close as its items."""
        from trends.nearest import nearest, unit

        vectors = encode([term, *texts])
        middle = unit(vectors.sum(axis=0, keepdims=True))
        [found] = nearest(middle, self._areas, self._sector_of, self._sectors)
        return found.area if found.near else None, found.sector
