"""arXiv's four OAI record formats, with their quirks, as the server's templates write them.

Source: https://github.com/arXiv/oaipmh, templates/record_formats.xml and serializers/create_records.py.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime

from scrapers.replay.arxiv_categories import categories
from scrapers.replay.world import Paper

_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation='
_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
SCHEMAS = {
    "oai_dc": ("http://www.openarchives.org/OAI/2.0/oai_dc.xsd", _DC),
    "arXiv": ("http://arxiv.org/OAI/arXiv.xsd", "http://arxiv.org/OAI/arXiv/"),
    "arXivOld": ("http://arxiv.org/OAI/arXivOld.xsd", "http://arxiv.org/OAI/arXivOld/"),
    "arXivRaw": ("http://arxiv.org/OAI/arXivRaw.xsd", "http://arxiv.org/OAI/arXivRaw/"),
}
"""Format to its schema and namespace."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SUFFIXES = ("Jr.", "Jr", "Sr.", "II", "III", "IV")
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A sign takes the next letter; an accent that is itself a letter needs a brace or a space (\rho is no accent).
_ACCENT = re.compile(
    r"\\(?:([`'^\"~=.])\s*(?:\{\\?([A-Za-z])\}|\\?([A-Za-z]))|([uvHcdbrk])(?:\s*\{\\?([A-Za-z])\}|\s+([A-Za-z])))"
)
_LETTER = re.compile(r"\\(ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i)(?![A-Za-z])(?:\{\}|\s(?=[a-z]))?")
_BRACED = re.compile(r"\{([^\x00-\x7f])\}")
_LETTERS = {
    **{"ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å"},
    **{"o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "i": "ı"},
}
_COMBINING = {
    **{"`": "\u0300", "'": "\u0301", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307"},
    **{"u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323", "b": "\u0331", "r": "\u030a"},
    "k": "\u0328",
}


def text_of(value: str) -> str:
    """Escaped for XML; characters that XML cannot carry are dropped."""
    if not value.isprintable():
        value = _ILLEGAL.sub("", value)
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def attribute_of(value: str) -> str:
    """Escaped for a double-quoted attribute."""
    return text_of(value).replace('"', "&quot;")


def header(paper: Paper, datestamp: date, with_aliases: bool) -> str:
    """The header; ListIdentifiers forgets the other names of a category (`with_aliases` false)."""
    sets = "".join(f"<setSpec>{name}</setSpec>" for name in categories().sets_of(paper.categories, with_aliases))
    status = ' status="deleted"' if paper.deleted else ""
    return (
        f"<header{status}><identifier>oai:arXiv.org:{text_of(paper.id)}</identifier>"
        f"<datestamp>{datestamp.isoformat()}</datestamp>{sets}</header>\n"
    )


def record(paper: Paper, datestamp: date, prefix: str) -> str:
    """One record element; a deleted one has no metadata."""
    body = "" if paper.deleted else f"<metadata>\n{FORMATS[prefix](paper)}</metadata>\n"
    return f"<record>\n{header(paper, datestamp, with_aliases=True)}{body}</record>\n"


def tex_to_unicode(text: str) -> str:
    r"""TeX accents composed into Unicode (`M\"uller`, `\v{S}`, `{\o}`), as `arXiv` and `oai_dc` show names."""
    if "\\" not in text:
        return text
    composed = _ACCENT.sub(lambda m: (m[2] or m[3] or m[5] or m[6]) + _COMBINING[m[1] or m[4]], text)
    plain = unicodedata.normalize("NFC", _LETTER.sub(lambda m: _LETTERS[m[1]], composed))
    return _BRACED.sub(r"\1", plain)


def split_author(name: str) -> tuple[str, str, str]:
    """Key name, forenames, suffix."""
    words = tex_to_unicode(name).split()
    suffix = words.pop() if len(words) > 2 and words[-1] in _SUFFIXES else ""
    return words[-1], " ".join(words[:-1]), suffix


def _authors(paper: Paper) -> list[tuple[str, str, str]]:
    without_affiliations = re.sub(r"\([^()]*\)", "", paper.authors)
    names = re.split(r",\s*(?:and\s+)?|\s+and\s+", without_affiliations)
    return [split_author(name) for name in names if name.strip()]


def _element(name: str, value: str | None) -> str:
    return f"<{name}>{text_of(value)}</{name}>\n" if value else ""


def _wrong_acm_class(paper: Paper) -> str | None:
    """A bug of the live server: where there is an ACM class, the MSC class is shown."""
    return paper.acm_class and (paper.msc_class or "None")


def _rfc822(moment: datetime) -> str:
    return (
        f"{_DAYS[moment.weekday()]}, {moment.day:02d} {_MONTHS[moment.month - 1]} {moment.year} "
        f"{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d} GMT"
    )


def _open(name: str) -> str:
    schema, namespace = SCHEMAS[name]
    return f'<{name} xmlns="{namespace}" {_XSI}"{namespace} {schema}">\n<id>'


def _versions(paper: Paper) -> str:
    parts = []
    for version in paper.versions:
        kind = f"<source_type>{version.source_type}</source_type>" if version.source_type else ""
        parts.append(
            f'<version version="v{version.number}"><date>{_rfc822(version.submitted)}</date>'
            f"<size>{version.size_kb}kb</size>{kind}</version>\n"
        )
    return "".join(parts)


def _arxiv_raw(paper: Paper) -> str:
    return (
        f"{_open('arXivRaw')}{text_of(paper.id)}</id>\n<submitter>{text_of(paper.submitter)}</submitter>\n"
        f"{_versions(paper)}<title>{text_of(paper.title)}</title>\n<authors>{text_of(paper.authors)}</authors>\n"
        f"<categories>{text_of(paper.categories)}</categories>\n{_element('comments', paper.comments)}"
        f"{_element('report-no', paper.report_no)}"
        f"{_element('acm-class', _wrong_acm_class(paper))}{_element('msc-class', paper.msc_class)}"
        f"{_element('journal-ref', paper.journal_ref)}{_element('doi', paper.doi)}{_element('license', paper.licence)}"
        f"{_element('abstract', paper.abstract)}</arXivRaw>\n"
    )


def _arxiv(paper: Paper) -> str:
    authors = "".join(
        f"<author><keyname>{text_of(key)}</keyname>{_element('forenames', fore)}{_element('suffix', suffix)}</author>\n"
        for key, fore, suffix in _authors(paper)
    )
    newest = paper.versions[-1]
    updated = _element("updated", paper.announced.isoformat()) if newest.number > 1 else ""
    return (
        # `created` is the day of the newest version, whatever the schema's comment says.
        f"{_open('arXiv')}{text_of(paper.id)}</id>\n<created>{newest.submitted.date().isoformat()}</created>\n{updated}"
        f"<authors>\n{authors}</authors>\n<title>{text_of(tex_to_unicode(paper.title))}</title>\n"
        f"<categories>{text_of(paper.categories)}</categories>\n{_element('comments', paper.comments)}"
        f"{_element('report-no', paper.report_no)}{_element('msc-class', paper.msc_class)}"
        f"{_element('acm-class', _wrong_acm_class(paper))}"
        f"{_element('journal-ref', paper.journal_ref)}{_element('doi', paper.doi)}{_element('license', paper.licence)}"
        f"{_element('abstract', paper.abstract and tex_to_unicode(paper.abstract))}</arXiv>\n"
    )


def _arxiv_old(paper: Paper) -> str:
    return (
        f"{_open('arXivOld')}{text_of(paper.id)}</id>\n<title>{text_of(paper.title)}</title>\n"
        f"<authors>{text_of(paper.authors)}</authors>\n<categories>{text_of(paper.categories)}</categories>\n"
        f"{_element('comments', paper.comments)}{_element('report-no', paper.report_no)}"
        f"{_element('msc-class', paper.msc_class)}{_element('acm-class', paper.acm_class)}"
        f"{_element('journal-ref', paper.journal_ref)}{_element('doi', paper.doi)}"
        f"{_element('abstract', paper.abstract)}{_element('license', paper.licence)}</arXivOld>\n"
    )


def _dublin_core(paper: Paper) -> str:
    names = categories().full_names
    subjects = dict.fromkeys(names.get(word, word) for word in paper.categories.split())
    days = dict.fromkeys(v.submitted.date().isoformat() for v in (paper.versions[0], paper.versions[-1]))
    creators = (f"{key}{suffix and ' ' + suffix}{fore and ', ' + fore}" for key, fore, suffix in _authors(paper))
    parts = [
        f'<oai_dc:dc xmlns:oai_dc="{_DC}" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'{_XSI}"{_DC} {SCHEMAS["oai_dc"][0]}">\n',
        _element("dc:title", tex_to_unicode(paper.title)),
        *(_element("dc:creator", creator) for creator in creators),
        *(_element("dc:subject", subject) for subject in (*subjects, paper.msc_class, paper.acm_class)),
        _element("dc:description", paper.abstract and tex_to_unicode(paper.abstract)),
        _element("dc:description", paper.comments),
        *(_element("dc:date", day) for day in days),
        "<dc:type>text</dc:type>\n",
        _element("dc:identifier", f"https://arxiv.org/abs/{paper.id}"),
        _element("dc:identifier", f"http://arxiv.org/abs/{paper.id}"),
        _element("dc:identifier", paper.journal_ref),
        _element("dc:identifier", paper.doi and f"doi:{paper.doi}"),
        "</oai_dc:dc>\n",
    ]
    return "".join(parts)


FORMATS: dict[str, Callable[[Paper], str]] = {
    "oai_dc": _dublin_core,
    "arXiv": _arxiv,
    "arXivOld": _arxiv_old,
    "arXivRaw": _arxiv_raw,
}
