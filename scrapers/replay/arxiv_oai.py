"""arXiv's OAI-PMH service: verbs, dates, sets, tokens and errors as the production server has them.

Every rule is from feeds-arxiv-lifescience.md sections 1 and 4, which cites https://github.com/arXiv/oaipmh.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qs, quote, unquote, urlencode

import numpy as np

from scrapers.replay.arxiv_categories import categories
from scrapers.replay.arxiv_records import SCHEMAS, attribute_of, header, record, text_of
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.world import DAY_S, Paper, View

EARLIEST = date(2005, 9, 16)
RECORDS_A_PAGE = 2_500
IDENTIFIERS_A_PAGE = 20_000
_ID_PREFIX = "oai:arXiv.org:"
_PAPER_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_YEAR_S, _MONTHISH_S, _HOUR_S, _OLD_LIST_S = 31_536_000, 800_000, 3_600, 345_600
_LIST_ARGUMENTS = frozenset({"verb", "metadataPrefix", "from", "until", "set"})
_MESSAGES = {
    "badArgument": "The request includes illegal arguments, is missing required arguments, includes a repeated "
    "argument, or values for arguments have an illegal syntax.",
    "badVerb": "Value of the verb argument is not a legal OAI-PMH verb, the verb argument is missing, or the verb "
    "argument is repeated.",
    "badResumptionToken": "The value of the resumptionToken argument is invalid or expired.",
    "cannotDisseminateFormat": "The metadata format identified by the value given for the metadataPrefix argument is "
    "not supported by the item or by the repository.",
    "idDoesNotExist": "The value of the identifier argument is unknown or illegal in this repository.",
    "noRecordsMatch": "The combination of the values of the from, until, set and metadataPrefix arguments results in "
    "an empty list.",
}


class OaiError(Exception):
    """An error that the protocol reports inside an answer with HTTP status 200."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or _MESSAGES[code])
        self.code = code


@dataclass(frozen=True)
class _Selection:
    """A list request after its arguments or its token were read."""

    verb: str
    prefix: str
    since: date
    until: date
    arguments: dict[str, str]
    """As shown in the `request` element and carried by the next token."""
    set_name: str | None = None
    skip: int = 0
    token: str | None = None


@dataclass
class ArxivOai:
    """The service at `/arxiv/oai`; page sizes can be changed between requests, as the live server's have been."""

    records_a_page: int = RECORDS_A_PAGE
    identifiers_a_page: int = IDENTIFIERS_A_PAGE
    paths: tuple[str, ...] = ("/arxiv/oai", "/arxiv/oai2")
    serves_corpora: bool = True
    """It shows the world's records only, so that real ones can be replayed by it."""

    def answer(self, request: Request, stage: Stage) -> Response:
        base, now = request.base + self.paths[0], stage.now
        if request.path == self.paths[1]:
            query = f"?{request.query}" if request.query else ""
            return Response(301, b"", {"Location": base + query, "Content-Type": "text/html"})
        try:
            params = _unique(request)
            body, shown, max_age_s = self._answer_verb(params, stage, base)
        except OaiError as error:
            return error_response(error.code, str(error), base, now)
        return _response(_envelope(body, shown, base, now), max_age_s)

    def _answer_verb(self, params: dict[str, str], stage: Stage, base: str) -> tuple[str, dict[str, str], int]:
        match params.get("verb", ""):
            case "Identify":
                return _identify(params, base)
            case "ListMetadataFormats":
                return _list_metadata_formats(params, stage.view)
            case "ListSets":
                return _list_sets(params)
            case "GetRecord":
                return _get_record(params, stage.view)
            case "ListRecords" | "ListIdentifiers":
                selection = _select(params, stage.now)
                return self._list(selection, stage.view)
        raise OaiError("badVerb")

    def _list(self, wanted: _Selection, view: View) -> tuple[str, dict[str, str], int]:
        only_ids = wanted.verb == "ListIdentifiers"
        page = cut_page(view, wanted, self.identifiers_a_page if only_ids else self.records_a_page)
        if not page.rows:
            raise OaiError("noRecordsMatch")
        if only_ids:
            parts = [header(paper, day, with_aliases=False) for day, paper in page.rows]
        else:
            parts = [record(paper, day, wanted.prefix) for day, paper in page.rows]
        token = _token_element(page.token, view.now, continued=wanted.token is not None)
        recent = wanted.until >= view.now.date()
        body = f"<{wanted.verb}>\n{''.join(parts)}{token}</{wanted.verb}>\n"
        return body, wanted.arguments, _HOUR_S if recent else _OLD_LIST_S


@dataclass(frozen=True)
class Page:
    """What one list answer shows: (datestamp, paper) sorted by datestamp and id, and the next token."""

    rows: list[tuple[date, Paper]]
    token: str | None


def cut_page(view: View, wanted: _Selection, limit: int) -> Page:
    """The page that the live server would show.

    It reads limit + 1 rows by (modification time, id), drops the last, sorts the rest by (datestamp, id), and puts into
    the token the last row's day as `from` and the number of shown rows of that day as `skip`.
    """
    if wanted.set_name is not None:
        view = view.members(categories().members[wanted.set_name])
    low = int(np.searchsorted(view.modified, _seconds(wanted.since), side="left")) + wanted.skip
    high = int(np.searchsorted(view.modified, _seconds(wanted.until) + DAY_S, side="left"))
    chosen = slice(low, min(low + limit + 1, high))
    days = [date.fromordinal(_EPOCH_ORDINAL + int(s) // DAY_S) for s in view.modified[chosen]]
    rows = list(zip(days, view.world.describe(view.events[chosen]), strict=True))
    token = None
    if len(rows) > limit:
        token = _next_token(wanted, [day for day, _ in rows], limit)
        rows.pop()
    return Page(sorted(rows, key=lambda row: (row[0], row[1].id)), token)


def make_token(arguments: dict[str, str], skip: int) -> str:
    """A resumption token: the arguments and an offset, quoted once more after urlencode."""
    return quote(urlencode({**arguments, "skip": skip}))


def error_response(code: str, message: str, base: str, now: datetime) -> Response:
    """An OAI error: status 200, and the cache may keep it until midnight UTC."""
    body = f"<error code='{code}'>{text_of(message or _MESSAGES[code])}</error>\n"
    return _response(_envelope(body, {}, base, now), int((_midnight(now) - now).total_seconds()))


_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def _seconds(day: date) -> int:
    return (day.toordinal() - _EPOCH_ORDINAL) * DAY_S


def _midnight(now: datetime) -> datetime:
    return datetime.combine(now.date() + timedelta(days=1), time(), UTC)


def _unique(request: Request) -> dict[str, str]:
    names = [name for name, _ in request.params]
    if len(set(names)) < len(names):
        raise OaiError("badArgument", "Duplicate parameters not allowed")
    return dict(request.params)


def _next_token(wanted: _Selection, days: list[date], limit: int) -> str:
    arguments = {name: value for name, value in wanted.arguments.items() if name != "resumptionToken"}
    if days[0] == days[-1]:
        return make_token(arguments, wanted.skip + limit)
    return make_token({**arguments, "from": days[-1].isoformat()}, days.count(days[-1]) - 1)


def _select(params: dict[str, str], now: datetime) -> _Selection:
    verb, token = params["verb"], params.get("resumptionToken")
    if token is None:
        return _read_arguments(verb, params, now)
    if params.keys() != {"verb", "resumptionToken"}:
        raise OaiError("badArgument", "No other paramters allowed with resumptionToken")
    carried, skip = _read_token(token)
    if carried.get("verb") != verb:
        raise OaiError("badResumptionToken", "token from different verb")
    wanted = _read_arguments(verb, carried, now)
    arguments = {"verb": verb, "resumptionToken": token, **wanted.arguments}
    return replace(wanted, skip=skip, token=token, arguments=arguments)


def _read_token(token: str) -> tuple[dict[str, str], int]:
    carried = {name: values[0] for name, values in parse_qs(unquote(token)).items()}
    skip = carried.pop("skip", "")
    # isdecimal alone lets other scripts' digits and any length through.
    if not re.fullmatch(r"[0-9]{1,12}", skip):
        raise OaiError("badResumptionToken", "Token decoding failed or format is invalid.")
    return carried, int(skip)


def _read_arguments(verb: str, params: dict[str, str], now: datetime) -> _Selection:
    if "metadataPrefix" not in params:
        raise OaiError("badArgument", "metadataPrefix required.")
    if params.keys() - _LIST_ARGUMENTS:
        raise OaiError("badArgument", f"Unallowed parameter. Allowed parameters: {', '.join(sorted(_LIST_ARGUMENTS))}")
    if params["metadataPrefix"] not in SCHEMAS:
        raise OaiError("cannotDisseminateFormat", "Did not recognize requested format")
    since = _read_day(params.get("from"), "from") or EARLIEST
    until = _read_day(params.get("until"), "until") or now.date()
    set_name = params.get("set") or None
    if set_name is not None:
        _check_set(set_name)
    _check_dates(since, until, now)
    shown = [n for n in ("metadataPrefix", "from", "until", "set") if params.get(n)]
    arguments = {"verb": verb, **{name: params[name] for name in shown}}
    return _Selection(verb, params["metadataPrefix"], since, until, arguments, set_name)


def _read_day(text: str | None, name: str) -> date | None:
    if not text:
        return None
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise OaiError("badArgument", f"{name} date format must be YYYY-MM-DD") from None


def _check_set(name: str) -> None:
    levels = name.count(":") + 1
    if levels > 3:
        raise OaiError("badArgument", "Set has too many levels")
    if name not in categories().set_names:
        raise OaiError("badArgument", "Set does not exist")


def _check_dates(since: date, until: date, now: datetime) -> None:
    if since > until:
        raise OaiError("badArgument", "until date must be greater than or equal to from date")
    if since < EARLIEST:
        raise OaiError("badArgument", "start date too early")
    # The end of the day `until` is compared with this time tomorrow: tomorrow's date is already too late.
    if datetime.combine(until, time(23, 59, 59), UTC) > now + timedelta(days=1):
        raise OaiError("badArgument", "until date too late")


def _identify(params: dict[str, str], base: str) -> tuple[str, dict[str, str], int]:
    if params.keys() != {"verb"}:
        raise OaiError("badArgument", "No other parameters allowed for Identify")
    body = (
        f"<Identify>\n<repositoryName>arXiv</repositoryName>\n<baseURL>{text_of(base)}</baseURL>\n"
        "<protocolVersion>2.0</protocolVersion>\n<adminEmail>help@arxiv.org</adminEmail>\n"
        f"<earliestDatestamp>{EARLIEST}</earliestDatestamp>\n<deletedRecord>persistent</deletedRecord>\n"
        "<granularity>YYYY-MM-DD</granularity>\n</Identify>\n"
    )
    return body, dict(params), _YEAR_S


def _list_metadata_formats(params: dict[str, str], view: View) -> tuple[str, dict[str, str], int]:
    if params.keys() - {"verb", "identifier"}:
        raise OaiError("badArgument", "Only allowed parameters are verb, identifier")
    if "identifier" in params and view.find(_read_identifier(params["identifier"])) is None:
        raise OaiError("idDoesNotExist", "Nothing found for this ID")
    formats = "".join(
        f"<metadataFormat><metadataPrefix>{name}</metadataPrefix><schema>{schema}</schema>"
        f"<metadataNamespace>{namespace}</metadataNamespace></metadataFormat>\n"
        for name, (schema, namespace) in SCHEMAS.items()
    )
    return f"<ListMetadataFormats>\n{formats}</ListMetadataFormats>\n", dict(params), _YEAR_S


def _list_sets(params: dict[str, str]) -> tuple[str, dict[str, str], int]:
    if params.keys() != {"verb"}:
        detail = "Invalid token" if params.keys() == {"verb", "resumptionToken"} else "No other parameters allowed"
        raise OaiError("badArgument", detail)
    sets = "".join(
        f"<set><setSpec>{name}</setSpec><setName>{text_of(full)}</setName></set>\n"
        for name, full in categories().set_names.items()
    )
    return f"<ListSets>\n{sets}</ListSets>\n", dict(params), _YEAR_S


def _read_identifier(identifier: str) -> str:
    found = _PAPER_ID.fullmatch(identifier.removeprefix(_ID_PREFIX)) if identifier.startswith(_ID_PREFIX) else None
    if found is None:
        raise OaiError("badArgument")
    return found[1]


def _get_record(params: dict[str, str], view: View) -> tuple[str, dict[str, str], int]:
    if params.keys() != {"verb", "identifier", "metadataPrefix"}:
        expected = "Expected: identifier, metadataPrefix, verb"
        raise OaiError("badArgument", f"Parameters provided did not match expected. {expected}")
    paper_id = _read_identifier(params["identifier"])
    if params["metadataPrefix"] not in SCHEMAS:
        raise OaiError("cannotDisseminateFormat", "Did not recognize requested format")
    found = view.find(paper_id)
    if found is None:
        raise OaiError("idDoesNotExist", "Nothing found for this ID")
    event, modified = found
    day = date.fromordinal(_EPOCH_ORDINAL + modified // DAY_S)
    paper = view.world.describe([event])[0]
    return f"<GetRecord>\n{record(paper, day, params['metadataPrefix'])}</GetRecord>\n", dict(params), _MONTHISH_S


def _token_element(token: str | None, now: datetime, continued: bool) -> str:
    if token is not None:
        expires = f"{_midnight(now):%Y-%m-%dT%H:%M:%SZ}"
        return f'<resumptionToken expirationDate="{expires}">{text_of(token)}</resumptionToken>\n'
    return "<resumptionToken/>\n" if continued else ""


def _envelope(body: str, arguments: dict[str, str], base: str, now: datetime) -> bytes:
    shown = "".join(f' {name}="{attribute_of(value)}"' for name, value in arguments.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">\n'
        f"<responseDate>{now:%Y-%m-%dT%H:%M:%SZ}</responseDate>\n<request{shown}>{text_of(base)}</request>\n"
        f"{body}</OAI-PMH>\n"
    ).encode()


def _response(body: bytes, max_age_s: int) -> Response:
    headers = {"Content-Type": "text/xml", "Surrogate-Control": f"max-age={max_age_s}", "Surrogate-Key": "oai"}
    return Response(200, body, headers)
