"""EPO OPS 3.2 over a world: token, search by CQL with its limits, traffic lights, quotas, and its error bodies.

Every rule is from feeds-patents.md section 2; shapes after recorded answers of October 2025. Records are SIMULATED.
"""

import base64
import json
import threading
from dataclasses import dataclass, field
from datetime import date, datetime

from scrapers.replay.arxiv_records import attribute_of, text_of
from scrapers.replay.cql import CqlError, Query
from scrapers.replay.criteria import Library
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.patents import Patent, PatentShelf

_PREFIX = "/epo_ops/3.2"
_TOKEN_PATH = f"{_PREFIX}/auth/accesstoken"
_SEARCH = f"{_PREFIX}/rest-services/published-data/search"
_XML = {"Content-Type": "application/exchange+xml;charset=utf-8"}
_MOST_LIBRARIES = 8
_GENERATORS = ("US", "EP")
_DAYS_WITHOUT_DATES = date(1900, 1, 1), date(2999, 12, 31)
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet type="text/xsl" href="/3.2/style/exchange.xsl"?>\n'
    '<ops:world-patent-data xmlns="http://www.epo.org/exchange" xmlns:ops="http://ops.epo.org" '
    'xmlns:xlink="http://www.w3.org/1999/xlink">\n'
)


@dataclass
class EpoOps:
    """The service at `/epo_ops/3.2`. Limits and quotas can be changed between requests."""

    credentials: tuple[str, str] = ("SIMULATED", "SIMULATED")
    answers_a_token: int = 400
    """A token expires after so many answers, as the live one does after 20 minutes."""
    hits_a_page: int = 100
    most_hits: int = 2_000
    most_countable: int = 10_000
    hour_quota: int = 450_000_000
    week_quota: int = 4_000_000_000
    moods: list[str] = field(default_factory=list)
    """Traffic lights of the coming answers, one each: `green`, `busy`, `overloaded`, `black`; then green for ever."""
    paths: tuple[str, ...] = (_TOKEN_PATH, _SEARCH, f"{_SEARCH}/biblio")
    hour_used: int = 0
    week_used: int = 0
    _tokens: dict[str, int] = field(default_factory=dict, repr=False)
    _issued: int = 0
    _shelf: PatentShelf | None = None
    _found: dict[tuple[str, str], list[Patent]] = field(default_factory=dict, repr=False)
    _libraries: dict[tuple[date, date, datetime], Library[Patent]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def answer(self, request: Request, stage: Stage) -> Response:
        with self._lock:
            if request.path == _TOKEN_PATH:
                return self._log_in(request)
            refusal = self._check_token(request.headers.get("authorization", ""))
            if refusal is not None:
                return refusal
            mood = self.moods.pop(0) if self.moods else "green"
            refusal = self._check_quotas(mood)
            return refusal or self._charged(self._search(request, stage), mood)

    # ---- who asks, and how much --------------------------------------------------------------------------------------

    def _log_in(self, request: Request) -> Response:
        known = base64.b64encode(":".join(self.credentials).encode()).decode()
        if request.headers.get("authorization") != f"Basic {known}":
            return _error(401, "invalid client credentials")
        if request.method != "POST" or request.get("grant_type") != "client_credentials":
            return _error(400, "unsupported_grant_type")
        self._issued += 1
        token = f"SIMULATEDtoken{self._issued:04d}"
        self._tokens = {token: self.answers_a_token}
        told = {"access_token": token, "token_type": "Bearer", "expires_in": "1199", "status": "approved"}
        return Response(200, json.dumps(told).encode(), {"Content-Type": "application/json"})

    def _check_token(self, authorization: str) -> Response | None:
        token = authorization.removeprefix("Bearer ")
        if self._tokens.get(token, 0) <= 0:
            return _error(400, "invalid_access_token")
        self._tokens[token] -= 1
        return None

    def _check_quotas(self, mood: str) -> Response | None:
        for name, used, quota in (
            ("RegisteredQuotaPerWeek", self.week_used, self.week_quota),
            ("IndividualQuotaPerHour", self.hour_used, self.hour_quota),
        ):
            if used >= quota:
                refused = _error(403, "This request has been rejected due to the violation of Fair Use policy")
                refused.headers["X-Rejection-Reason"] = name
                return refused
        if mood == "black":
            refused = _error(403, "This request has been rejected due to the violation of Fair Use policy")
            refused.headers.update({"X-Throttling-Control": lights(mood), "Retry-After": "60000"})
            return refused
        return None

    def _charged(self, response: Response, mood: str) -> Response:
        self.hour_used += len(response.body)
        self.week_used += len(response.body)
        response.headers["X-Throttling-Control"] = lights(mood)
        response.headers["X-IndividualQuotaPerHour-Used"] = str(self.hour_used)
        response.headers["X-RegisteredQuotaPerWeek-Used"] = str(self.week_used)
        return response

    # ---- search ------------------------------------------------------------------------------------------------------

    def _search(self, request: Request, stage: Stage) -> Response:
        begin, end = _range(request.get("Range") or "1-25")
        if not 1 <= begin <= end or end - begin >= self.hits_a_page:
            return _fault(413, "CLIENT.InvalidRange", f"The range must hold 1 to {self.hits_a_page} results")
        if begin > self.most_hits:
            return _fault(413, "CLIENT.RangeLimitExceeded", f"Only the first {self.most_hits} results can be had")
        query = request.get("q") or ""
        try:
            hits = self._matching(query, stage)
        except CqlError as error:
            return _fault(400, "CLIENT.CQL", str(error))
        shown = hits[begin - 1 : min(end, self.most_hits)]
        if not shown:
            return _fault(404, "SERVER.EntityNotFound", "No results found")
        return Response(200, self._result(request, query, hits, shown, begin).encode(), dict(_XML))

    def _matching(self, query: str, stage: Stage) -> list[Patent]:
        if self._shelf is None or self._shelf.world is not stage.world:
            self._shelf, self._found, self._libraries = PatentShelf(stage.world), {}, {}
        key = (query, stage.now.isoformat())
        if key not in self._found:
            if len(self._found) > 64:
                self._found.clear()
            read = Query(query)
            since, until = read.days or _DAYS_WITHOUT_DATES
            if read.days is None:
                raise CqlError("a search without days is too broad for the replayed world")
            library = self._library(self._shelf, since, until, stage)
            self._found[key] = [library.records[place] for place in sorted(read.test.among(library))]
        return self._found[key]

    def _library(self, shelf: PatentShelf, since: date, until: date, stage: Stage) -> Library[Patent]:
        """What was published on these days, newest first, as the service sorts."""
        key = (since, until, stage.now)
        if key not in self._libraries:
            # A search is divided into halves of halves; the windows above them are asked for again.
            self._libraries = dict([*self._libraries.items()][-_MOST_LIBRARIES:])
            self._libraries[key] = Library(shelf.published(stage.view, since, until)[::-1])
        return self._libraries[key]

    def _result(self, request: Request, query: str, hits: list[Patent], shown: list[Patent], begin: int) -> str:
        if request.path.endswith("/biblio"):
            body = "".join(
                f"<exchange-documents>\n{exchange_document(patent)}</exchange-documents>\n" for patent in shown
            )
        else:
            body = "".join(_reference(patent) for patent in shown)
        total = min(len(hits), self.most_countable)
        return (
            f'{_ENVELOPE}<ops:biblio-search total-result-count="{total}" publications-count="{len(shown)}">\n'
            f'<ops:query syntax="CQL">{text_of(query)}</ops:query>\n'
            f'<ops:range begin="{begin}" end="{begin + len(shown) - 1}"/>\n<ops:search-result>\n{body}'
            "</ops:search-result>\n</ops:biblio-search>\n</ops:world-patent-data>\n"
        )

    def sabotage(self, fault: str, request: Request, right: Response, previous: bytes) -> Response | None:
        """Quota, throttling, expired token and emptiness in the words of OPS."""
        if request.path == _TOKEN_PATH:
            return _error(401, "invalid client credentials") if fault == "forbidden" else None
        match fault:
            case "quota":
                refused = _error(403, "This request has been rejected due to the violation of Fair Use policy")
                refused.headers["X-Rejection-Reason"] = "RegisteredQuotaPerWeek"
                return refused
            case "too_many":
                detail = "The request cannot be processed because the fair use limit has been reached"
                return _fault(429, "429", "Fair use limit exceeded", detail)
            case "expired_credential" | "bad_token":
                return _error(400, "invalid_access_token")
            case "no_records":
                return _fault(404, "SERVER.EntityNotFound", "No results found")
        return None


def lights(mood: str) -> str:
    """The throttling header of a mood, with the numbers that were seen in the wild."""
    system, colour, search = {
        "green": ("idle", "green", 30),
        "busy": ("busy", "yellow", 15),
        "overloaded": ("overloaded", "red", 5),
        "black": ("overloaded", "black", 0),
    }[mood]
    others = "images=green:200, inpadoc=green:60, other=green:1000, retrieval=green:200"
    return f"{system} ({others}, search={colour}:{search})"


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    # isdecimal alone lets other scripts' digits and any length through.
    if not all(part.isascii() and part.isdecimal() and len(part) < 7 for part in (first, last)):
        return 0, 0
    return int(first), int(last)


def _error(status: int, message: str) -> Response:
    """The gateway's error body."""
    body = f"<error><code>{status}</code><message>{text_of(message)}</message></error>"
    return Response(status, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode(), {"Content-Type": "text/xml"})


def _fault(status: int, code: str, message: str, description: str = "") -> Response:
    """The service's error body."""
    told = f"<description>{text_of(description)}</description>" if description else ""
    body = f'<fault xmlns="http://ops.epo.org"><code>{code}</code><message>{text_of(message)}</message>{told}</fault>'
    return Response(status, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode(), dict(_XML))


def _reference(patent: Patent) -> str:
    return (
        f'<ops:publication-reference system="ops.epo.org" family-id="{patent.family}">\n'
        f'<document-id document-id-type="docdb"><country>{patent.office}</country>'
        f"<doc-number>{patent.number}</doc-number><kind>{patent.kind}</kind></document-id>\n"
        "</ops:publication-reference>\n"
    )


def exchange_document(patent: Patent) -> str:
    """One record as OPS writes it: CPC once for each office, every party twice."""
    return (
        f'<exchange-document system="ops.epo.org" family-id="{patent.family}" country="{patent.office}" '
        f'doc-number="{patent.number}" kind="{patent.kind}">\n<bibliographic-data>\n'
        f"{_publication(patent)}{_ipc(patent)}{_classifications(patent)}{_application(patent)}{_parties(patent)}"
        f'<invention-title lang="{patent.language}">{text_of(patent.title)}</invention-title>\n'
        f"</bibliographic-data>\n{_abstract(patent)}</exchange-document>\n"
    )


def _publication(patent: Patent) -> str:
    day = f"{patent.day:%Y%m%d}"
    return (
        f'<publication-reference><document-id document-id-type="docdb"><country>{patent.office}</country><doc-number>'
        f"{patent.number}</doc-number><kind>{patent.kind}</kind><date>{day}</date></document-id>"
        f'<document-id document-id-type="epodoc"><doc-number>{patent.office}{patent.number}</doc-number>'
        f"<date>{day}</date></document-id></publication-reference>\n"
    )


def _ipc(patent: Patent) -> str:
    group, _, subgroup = patent.cpc[0].partition("/")
    text = f"{group[:4]}{group[4:]:>4}/{subgroup:>6}            A I                    "
    row = f'<classification-ipcr sequence="1"><text>{text}</text></classification-ipcr>'
    return f"<classifications-ipcr>{row}</classifications-ipcr>\n"


def _classifications(patent: Patent) -> str:
    rows: list[str] = []
    for symbol in patent.cpc:
        group, _, subgroup = symbol.partition("/")
        for office in _GENERATORS:
            rows.append(
                f'<patent-classification sequence="{len(rows) + 1}"><classification-scheme office="EP" scheme="CPCI"/>'
                f"<section>{group[0]}</section><class>{group[1:3]}</class><subclass>{group[3]}</subclass>"
                f"<main-group>{group[4:]}</main-group><subgroup>{subgroup}</subgroup>"
                f"<classification-value>I</classification-value><generating-office>{office}</generating-office>"
                "</patent-classification>\n"
            )
    return f"<patent-classifications>\n{''.join(rows)}</patent-classifications>\n"


def _application(patent: Patent) -> str:
    return (
        f'<application-reference doc-id="{patent.family}1"><document-id document-id-type="docdb">'
        f"<country>{patent.office}</country><doc-number>{patent.number}0</doc-number><kind>A</kind></document-id>"
        "</application-reference>\n"
    )


def _parties(patent: Patent) -> str:
    applicant = _twice("applicant", 1, f"{patent.applicant.upper()} [{patent.country}]", patent.applicant)
    inventors = "".join(
        _twice("inventor", place, f"{name.upper()} [{patent.country}]", f"{name}, ")
        for place, name in enumerate(patent.inventors, start=1)
    )
    return f"<parties><applicants>{applicant}</applicants><inventors>{inventors}</inventors></parties>\n"


def _twice(role: str, place: int, standard: str, printed: str) -> str:
    return "".join(
        f'<{role} sequence="{place}" data-format="{attribute_of(form)}"><{role}-name><name>{text_of(name)}</name>'
        f"</{role}-name></{role}>\n"
        for form, name in (("epodoc", standard), ("original", printed))
    )


def _abstract(patent: Patent) -> str:
    if patent.abstract is None:
        return ""
    return f'<abstract lang="{patent.language}"><p>{text_of(patent.abstract)}</p></abstract>\n'
