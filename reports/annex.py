"""The annex of a brief as a workbook: every row, item and source, and every number with the query that made it."""

from collections.abc import Iterable, Iterator, Sequence

from reports.countries import country
from reports.facts import AreaRow, Brief, Figure, ItemFact, Reason, SourceRow, Statement
from reports.language import Language, LanguageCode, language
from reports.verify import figures
from reports.view import displayable
from reports.workbook import Cell, Column, Link, Sheet, write_xlsx

_WIDE, _MIDDLE, _NARROW = 60.0, 28.0, 12.0


def render_annex(brief: Brief, code: LanguageCode) -> bytes:
    """XLSX of the evidence in one language; the same bytes for the same facts, no cell a formula."""
    words = language(code, brief.header.kind)
    sheets = (_about(brief, words), _areas(brief, words), _items(brief, words), _sources(brief, words),
              _numbers(brief, words))  # fmt: skip
    return write_xlsx(_in_world(sheets, brief, words), brief.header.cut_off, _said(words, brief.header.title))


def _in_world(sheets: Iterable[Sheet], brief: Brief, words: Language) -> list[Sheet]:
    """Sheets of an invented or replayed world say so in every row: rows are copied, banners stay behind."""
    if brief.header.world == "live":
        return list(sheets)
    world = words.word("world", brief.header.world)
    first = Column(words.word("annex", "world"), _NARROW)
    return [
        Sheet(sheet.name, (first, *sheet.columns), tuple((world, *row) for row in sheet.rows), sheet.filtered)
        for sheet in sheets
    ]


def _said(words: Language, statement: Statement) -> str:
    return displayable(words.compose(statement))


def _sheet(words: Language, name: str, columns: Sequence[tuple[str, float]], rows: Iterable[Sequence[Cell]]) -> Sheet:
    """A table whose headings are words of the annex; a heading without a word stands as it is."""
    named = tuple(Column(_heading(words, key), width) for key, width in columns)
    return Sheet(words.word("annex", f"sheet_{name}"), named, tuple(tuple(row) for row in rows))


def _heading(words: Language, key: str) -> str:
    return str(words.words["annex"].get(key, key))


def _value(words: Language, number: float | None) -> Cell:
    """The whole number as it was computed; a word where it is unknown, since an empty cell may pass for zero."""
    return words.word("forms", "unknown") if number is None else number


def _about(brief: Brief, words: Language) -> Sheet:
    header = brief.header
    facts: list[tuple[str, str]] = [
        ("title", _said(words, header.title)),
        ("week", str(header.week)),
        ("first_day", header.first_day.isoformat()),
        ("last_day", header.last_day.isoformat()),
        ("cut_off", f"{header.cut_off:%Y-%m-%dT%H:%M:%SZ}"),
        ("light", f"{words.word('light', header.light)} · {_said(words, header.light_reason)}"),
        ("taxonomy", header.taxonomy),
        ("model", header.model),
        ("code", header.code),
        ("run_id", header.run_id),
        ("run_hash", header.run_hash),
        ("how", words.word("annex", "how_text")),
    ]
    if header.world != "live":
        facts.insert(0, ("world", words.word("banner", header.world)))
    rows = [(_heading(words, key), displayable(text)) for key, text in facts]
    return _sheet(words, "about", (("what", _MIDDLE), ("value", _WIDE)), rows)


def _figure_names(row: AreaRow | SourceRow) -> list[str]:
    return [name for name in type(row).model_fields if isinstance(getattr(row, name), Figure)]


def _queries(row: AreaRow | SourceRow) -> str:
    """Each figure's name and query, one a line."""
    return "\n".join(f"{name}: {query_text(getattr(row, name))}" for name in _figure_names(row))


def query_text(figure: Figure) -> str:
    """A query in one line, for example `score(field=growth, series=area:ai)`."""
    return f"{figure.query.kind}({', '.join(f'{key}={value}' for key, value in sorted(figure.query.args.items()))})"


def _areas(brief: Brief, words: Language) -> Sheet:
    """A row for each area in each source; they are never added up."""
    names = list(dict.fromkeys(name for row in brief.areas for name in _figure_names(row)))
    columns = [(key, _NARROW) for key in ("area_id", "area", "tier", "sector", "source", "leads", "status", "verdict")]
    ranged = {name for name in names if any(_low(row, name) is not None for row in brief.areas)}
    for name in names:
        columns.append((name, _NARROW))
        if name in ranged:
            columns += [(f"{name}_low", _NARROW), (f"{name}_high", _NARROW), (f"{name}_level", _NARROW)]
    columns += [("change_delta", _NARROW), ("grade", _NARROW), ("grade_why", _MIDDLE), ("queries", _WIDE)]
    return _sheet(words, "areas", columns, (tuple(_area_row(row, names, ranged, words)) for row in brief.areas))


def _low(row: AreaRow, name: str) -> float | None:
    figure = getattr(row, name)
    return figure.low if isinstance(figure, Figure) else None


def _area_row(row: AreaRow, names: Sequence[str], ranged: set[str], words: Language) -> Iterator[Cell]:
    leads = words.word("annex", "yes" if row.leads else "no")
    yield from (row.area, words.name(row.name), float(row.tier), words.word("sector", row.sector), row.source, leads)
    yield from (words.word("annex", f"status_{row.status}"), words.word("verdict", row.verdict) if row.verdict else "")
    for name in names:
        figure = getattr(row, name)
        held = figure if isinstance(figure, Figure) else None
        # A figure that the row has not (no such series) is no unknown one.
        yield _value(words, held.value) if held else ""
        if name in ranged and held:
            yield from (_value(words, held.low), _value(words, held.high), held.level)
        elif name in ranged:
            yield from ("", "", "")
    yield _value(words, row.change.delta.value) if row.change.delta else ""
    yield from (row.coverage.grade, _said(words, row.coverage.reason), _queries(row))


def _items(brief: Brief, words: Language) -> Sheet:
    columns = (
        *(("item_id", _MIDDLE), ("item_title", _WIDE), ("area", _MIDDLE), ("source", _NARROW), ("kind", _NARROW)),
        *(("published", _NARROW), ("probability", _NARROW), ("reasons", _WIDE), ("organisations", _MIDDLE)),
        *(("also", _MIDDLE), ("link", _MIDDLE), ("queries", _MIDDLE)),
    )
    names = {each.area: words.name(each.name) for each in brief.coverage}
    return _sheet(words, "items", columns, (_item_row(item, names, words) for item in brief.items))


def _item_row(item: ItemFact, names: dict[str, str], words: Language) -> tuple[Cell, ...]:
    return (
        item.id,
        # Verbatim, but for what no cell may hold.
        item.title,
        names.get(item.area, item.area),
        item.source,
        words.word("kind", item.kind),
        item.published.isoformat(),
        _value(words, item.probability.value),
        "\n".join(_reason(reason, words) for reason in item.reasons),
        "\n".join((*item.organisations, *(words.name(country(each)) for each in item.countries))),
        "\n".join(version.id for version in item.also),
        Link(item.link, item.link) if item.link else "",
        query_text(item.probability),
    )


def _reason(reason: Reason, words: Language) -> str:
    """Why an item stands there: its kind, its name, its words letter for letter and where they stand."""
    parts = [words.word("annex", f"reason_{reason.kind}")]
    parts += [words.name(reason.name)] if reason.name else []
    parts += [reason.code] if reason.code else []
    if reason.quote:
        quote = reason.quote
        parts.append(f"“{quote.text}” {words.word('field', quote.field)}[{quote.start}:{quote.end}]")
    return " · ".join(parts)


def _sources(brief: Brief, words: Language) -> Sheet:
    names = list(dict.fromkeys(name for row in brief.sources for name in _figure_names(row)))
    columns = [("source", _NARROW), ("name", _MIDDLE), ("status", _MIDDLE), ("since", _NARROW), ("until", _NARROW)]
    columns += [(name, _NARROW) for name in names]
    columns += [("cut_off", _MIDDLE), ("last_success", _NARROW), ("trust", _NARROW), ("counted", _NARROW)]
    columns += [("why_failed", _WIDE), ("queries", _WIDE)]
    return _sheet(words, "sources", columns, (tuple(_source_row(row, names, words)) for row in brief.sources))


def _source_row(row: SourceRow, names: Sequence[str], words: Language) -> Iterator[Cell]:
    days = [day.isoformat() if day else "" for day in (row.since, row.until)]
    yield from (row.source, words.name(row.name), words.word("status", row.status), *days)
    yield from (_value(words, getattr(row, name).value) for name in names)
    yield f"{row.cut_off:%Y-%m-%dT%H:%M:%SZ}" if row.cut_off else words.word("forms", "unknown")
    yield row.last_success.isoformat() if row.last_success else ""
    yield from (row.profile.trust, words.word("annex", "yes" if row.profile.counted else "no"))
    yield from (displayable(row.reason or ""), _queries(row))


def _numbers(brief: Brief, words: Language) -> Sheet:
    """Every figure of the document, whatever section shows it."""
    columns = (
        *(("path", _MIDDLE), ("value", _NARROW), ("low", _NARROW), ("high", _NARROW), ("level", _NARROW)),
        *(("unit", _NARROW), ("query", _WIDE), ("ids_n", _NARROW), ("ids", _WIDE)),
    )
    return _sheet(words, "numbers", columns, (_number_row(path, each, words) for path, each in figures(brief)))


def _number_row(path: str, figure: Figure, words: Language) -> tuple[Cell, ...]:
    return (
        path,
        _value(words, figure.value),
        *("" if end is None else end for end in (figure.low, figure.high, figure.level)),
        figure.unit,
        query_text(figure),
        float(len(figure.ids)),
        # A cell holds some thousand ids; where it is cut it says so, and brief.json has them all.
        "\n".join(figure.ids),
    )
