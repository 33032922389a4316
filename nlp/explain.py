"""Why a text is or is not in an area, for people: matched words in their places, codes, routes, probability."""

from collections.abc import Iterator, Sequence

from horizon.records import Evidence
from nlp.classifier import Classifier, Judgement
from nlp.codes import code_evidence
from nlp.features import Document, Reading, read
from nlp.matcher import Hit, Matcher, matcher_of
from nlp.routes import route_probability
from taxonomy.load import Taxonomy
from taxonomy.schema import AreaFile

_JUDGED = ("feature", "lens", "neighbour")


def explain(document: Document, taxonomy: Taxonomy, classifier: Classifier | None = None) -> str:
    """Plain text, one paragraph an area with anything to say; without a classifier the rules alone."""
    matcher = classifier.matcher if classifier is not None else matcher_of(taxonomy)
    reading = read(document, matcher, taxonomy)
    judged = (
        {} if classifier is None else {each.area: each for each in next(classifier.judge([document], read_all=True))}
    )
    order = sorted(taxonomy.areas, key=lambda area: (-_probability(judged, area.id), area.id))
    lines = [f"{document.id}: {_printable(document.title) or '(no title)'}", f"taxonomy {taxonomy.version}"]
    if classifier is not None:
        lines[-1] += f", model {classifier.fingerprint}"
        lines += [classifier.degraded] if classifier.degraded else []
    paragraphs = [list(_paragraph(reading, area, matcher, judged, classifier)) for area in order]
    told = [paragraph for paragraph in paragraphs if paragraph]
    for paragraph in told:
        lines += ["", *paragraph]
    if not told:
        lines += ["", "No area: no term, exclusion or code of the taxonomy is in this text."]
    return "\n".join(lines) + "\n"


def _probability(judged: dict[str, Judgement], area: str) -> float:
    return judged[area].probability if area in judged else 0.0


def _paragraph(
    reading: Reading,
    area: AreaFile,
    matcher: Matcher,
    judged: dict[str, Judgement],
    classifier: Classifier | None,
) -> Iterator[str]:
    judgement = judged.get(area.id)
    found = [reading.matches.evidence(hit) for hit in reading.hits.get(area.id, [])]
    codes = code_evidence(reading.document.codes, area)
    if not (found or codes or judgement):
        return
    yield f"{area.id} · {area.name.en} · {area.name.zh}{_verdict(judgement, classifier)}"
    yield from map(_line, [*found, *codes])
    if judgement is not None:
        yield from (_line(each) for each in judgement.evidence if each.kind in _JUDGED)
    yield from _routes(reading, area, matcher)


def _verdict(judgement: Judgement | None, classifier: Classifier | None) -> str:
    if classifier is None:
        return ""
    if judgement is None:
        return ": below 0.05, not assigned"
    doubt = ", uncertain: an expert should look" if judgement.uncertain else ""
    return f": {judgement.probability:.3f}, {'assigned' if judgement.assigned else 'not assigned'}{doubt}"


def _routes(reading: Reading, area: AreaFile, matcher: Matcher) -> Iterator[str]:
    for route, hits in sorted(matcher.route_hits(reading.matches, area.id).items()):
        yield f"  route {route}: {route_probability(hits):.2f} given the area ({_quotes(reading, hits)})"


def _quotes(reading: Reading, hits: Sequence[Hit]) -> str:
    quotes = (_printable(reading.matches.evidence(hit).text) for hit in hits)
    return "; ".join(dict.fromkeys(quotes))


def _line(evidence: Evidence) -> str:
    place: str = evidence.field or "text"
    if evidence.start is not None:
        place = f"{place} {evidence.start}-{evidence.end}"
    weight = "" if evidence.weight is None else f" {evidence.weight:+g}"
    concept = "" if evidence.concept is None else f" = {evidence.concept}"
    return f"  {evidence.kind} {_printable(evidence.text)!r}{concept} [{place}]{weight}"


def _printable(text: str) -> str:
    """Control characters of a hostile text must not reach a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)
