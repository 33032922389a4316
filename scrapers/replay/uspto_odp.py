"""The USPTO's Open Data Portal over a world: listings, signed downloads, and its words for no key and no result.

Every rule is from feeds-patents.md section 1. Documents are SIMULATED.
"""

import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.uspto_documents import patents, zipped
from scrapers.replay.world import View

PRODUCTS = {"PTGRXML": ("grant", "ipg", 2), "APPXML": ("application", "ipa", 4)}
"""Type of the documents, prefix of the files, ISO weekday."""
SIGNED_FOR_S = 5.0
DOWNLOADS_A_YEAR = 20
_API, _CDN = "/uspto/api/v1/datasets/products", "/uspto/files"
_JSON = {"Content-Type": "application/json"}
_REISSUED_EVERY = 5
"""Every so many weeks a file is issued again, 10 days later; every second of these a second time, 31 days later."""
_DELAYS = (0, 10, 31)
_NAME = re.compile(r"(ip[ga])(\d{6})(?:_r(\d))?\.zip")
_ID = "00000000-0000-0000-0000-000000000000"


@dataclass
class UsptoOdp:
    """The portal at `/uspto/api/v1/datasets/products`, its storage at `/uspto/files`, which knows signatures only."""

    key: str = "SIMULATED"
    clock: Callable[[], float] = time.monotonic
    paths: tuple[str, ...] = (_API, _CDN)
    """Below them product, year and file stand in the path: prefixes, not whole paths."""
    leaked: int = 0
    """Times that the key was sent to the storage."""
    downloads: Counter[str] = field(default_factory=Counter)
    _packed: dict[str, bytes] = field(default_factory=dict)

    def answer(self, request: Request, stage: Stage) -> Response:
        headers = request.headers
        if request.path.startswith(_CDN):
            self.leaked += "x-api-key" in headers
            return self._storage(request, stage)
        if "x-api-key" not in headers:
            return _refuse(401, "Unauthorized")
        if headers["x-api-key"] != self.key:
            return _refuse(403, "Forbidden")
        parts = [part for part in request.path.removeprefix(_API).split("/") if part]
        match parts:
            case ["search"]:
                return _give({"count": len(PRODUCTS), "bulkDataProductBag": [_product(name) for name in PRODUCTS]})
            case [product] if product in PRODUCTS:
                return self._listing(product, request, stage)
            case ["files", product, year, name] if product in PRODUCTS:
                return self._redirect(product, year, name, request, stage)
        return _nothing()

    def sabotage(self, fault: str, request: Request, right: Response, previous: bytes) -> Response | None:
        """Refusals and emptiness in the words of the portal and of its storage."""
        if request.path.startswith(_CDN):
            return _denied() if fault in ("forbidden", "expired_credential") else None
        match fault:
            case "forbidden" | "expired_credential":
                # A key that has run out is refused as one that never was.
                return _refuse(403, "Forbidden")
            case "too_many" | "quota":
                return _refuse(429, "Too Many Requests", "Calls with one key must follow one another")
            case "no_records":
                return _nothing()
            case "duplicate" | "missing" | "empty_page" if b"fileDataBag" in right.body:
                return _other_rows(fault, right)
        return None

    def _listing(self, product: str, request: Request, stage: Stage) -> Response:
        since, until = _day(request, "fileDataFromDate"), _day(request, "fileDataToDate")
        if since is None or until is None:
            return _refuse(400, "Bad Request", "Invalid request, review the date filters and try again")
        rows = [_row(product, *one, request.base) for one in _issued(product, since, until, stage.view)]
        rows.append(_document_row(product, request.base))
        if len(rows) == 1:
            return _nothing()
        # The portal sorts by release: a correction of an old week stands above newer weeks.
        rows.sort(key=lambda row: (row["fileReleaseDate"], row["fileName"]), reverse=True)
        start = int(request.get("offset") or 0)
        page = rows[start : start + int(request.get("limit") or 25)]
        found = _product(product) | {"productFileTotalQuantity": len(rows) + 10}
        if request.get("includeFiles") != "false":
            found["productFileBag"] = {"count": len(rows), "fileDataBag": page}
        return _give({"count": 1, "bulkDataProductBag": [found]})

    def _redirect(self, product: str, year: str, name: str, request: Request, stage: Stage) -> Response:
        if not _exists(product, year, name, stage.view):
            return _nothing()
        self.downloads[name] += 1
        if self.downloads[name] > DOWNLOADS_A_YEAR:
            return _refuse(429, "Too Many Requests", "The file was downloaded 20 times with this key this year")
        path = f"{_CDN}/{product}/{year}/{name}"
        expires = f"{self.clock() + SIGNED_FOR_S:.3f}"
        query = urlencode({"Expires": expires, "Signature": _sign(path, expires), "Key-Pair-Id": "SIMULATED"})
        # Another name for this machine: to the client it is another host.
        return Response(302, b"", {"Location": f"{request.base.replace('127.0.0.1', 'localhost')}{path}?{query}"})

    def _storage(self, request: Request, stage: Stage) -> Response:
        signed = {name: values[0] for name, values in parse_qs(request.query).items()}
        expires = signed.get("Expires", "0")
        if signed.get("Signature") != _sign(request.path, expires) or float(expires) < self.clock():
            return _denied()
        name = request.path.rpartition("/")[2]
        if name not in self._packed:
            # The files of one window are asked for once or twice: only the last are kept.
            self._packed = dict([*self._packed.items()][-3:]) | {name: _pack(name, stage.view)}
        return Response(200, self._packed[name], {"Content-Type": "application/zip"})


def _denied() -> Response:
    """The storage's word for a signature that is wrong or has run out."""
    body = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access denied</Message></Error>'
    return Response(403, body, {"Content-Type": "text/xml"})


def _other_rows(fault: str, right: Response) -> Response:
    """The list with a row twice, without one of its files, or with none of them."""
    found = json.loads(right.body)
    bag = found["bulkDataProductBag"][0]["productFileBag"]
    rows = bag["fileDataBag"]
    data = [row for row in rows if row["fileTypeText"] == "Data"]
    bag["fileDataBag"] = {
        "duplicate": [*rows[:1], *rows],
        "missing": [row for row in rows if row not in data[:1]],
        "empty_page": [],
    }[fault]
    return right.but(body=json.dumps(found).encode())


def _sign(path: str, expires: str) -> str:
    return hashlib.sha256(f"SIMULATED {path} {expires}".encode()).hexdigest()[:32]


def _day(request: Request, name: str) -> date | None:
    try:
        return date.fromisoformat(request.get(name) or "")
    except ValueError:
        return None


def _issued(product: str, since: date, until: date, view: View) -> list[tuple[date, int]]:
    """Days and revisions of the files that are out at the clock: a file comes just after midnight of its day."""
    weekday = PRODUCTS[product][2]
    days = map(date.fromordinal, range(since.toordinal(), until.toordinal() + 1))
    revisions = [(day, revision) for day in days if day.isoweekday() == weekday for revision in range(_issues(day))]
    return [one for one in revisions if _released(*one) <= view.now]


def _issues(day: date) -> int:
    week = day.toordinal() // 7
    if week % _REISSUED_EVERY:
        return 1
    return 3 if week % (2 * _REISSUED_EVERY) == 0 else 2


def _released(day: date, revision: int) -> datetime:
    return datetime(day.year, day.month, day.day, 5, 3, tzinfo=UTC) + timedelta(days=_DELAYS[revision])


def _file_name(product: str, day: date, revision: int) -> str:
    return f"{PRODUCTS[product][1]}{day:%y%m%d}{f'_r{revision}' if revision else ''}.zip"


def _exists(product: str, year: str, name: str, view: View) -> bool:
    match = _NAME.fullmatch(name)
    if match is None or match[1] != PRODUCTS[product][1]:
        return False
    day = datetime.strptime(match[2] + "+0000", "%y%m%d%z").date()
    return str(day.year) == year and (day, int(match[3] or 0)) in _issued(product, day, day, view)


def _pack(name: str, view: View) -> bytes:
    match = _NAME.fullmatch(name)
    if match is None:
        return b""
    type_ = next(type_ for type_, prefix, _ in PRODUCTS.values() if prefix == match[1])
    day = datetime.strptime(match[2] + "+0000", "%y%m%d%z").date()
    return zipped(name, patents(view.world, type_, day, int(match[3] or 0)))


def _product(name: str) -> dict[str, Any]:
    day = "TUESDAY" if PRODUCTS[name][2] == 2 else "THURSDAY"
    return {
        "productIdentifier": name,
        "productTitleText": f"SIMULATED {PRODUCTS[name][0]} full text",
        "productFrequencyText": "WEEKLY",
        "daysOfWeekText": day,
    }


def _row(product: str, day: date, revision: int, base: str) -> dict[str, Any]:
    name = _file_name(product, day, revision)
    released = f"{_released(day, revision):%Y-%m-%d %H:%M:%S}"
    return {
        "fileName": name,
        "fileSize": 1_000_000,
        "fileDataFromDate": day.isoformat(),
        "fileDataToDate": day.isoformat(),
        "fileTypeText": "Data",
        "fileDownloadURI": f"{base}{_API}/files/{product}/{day.year}/{name}",
        "fileReleaseDate": released,
        "fileLastModifiedDateTime": released,
    }


def _document_row(product: str, base: str) -> dict[str, Any]:
    name = f"us-patent-{PRODUCTS[product][0]}-v47-2022-02-17.dtd"
    released = "2022-02-17 00:00:00"
    return {
        "fileName": name,
        "fileSize": 60_000,
        "fileDataFromDate": "2022-02-17",
        "fileDataToDate": "2022-02-17",
        "fileTypeText": "Document",
        "fileDownloadURI": f"{base}{_API}/files/{product}/2022/{name}",
        "fileReleaseDate": released,
        "fileLastModifiedDateTime": released,
    }


def _give(data: Any) -> Response:
    return Response(200, json.dumps(data).encode(), _JSON)


def _refuse(status: int, error: str, details: str = "") -> Response:
    body: dict[str, Any] = {"code": status, "error": error}
    if details:
        body |= {"errorDetails": details, "requestIdentifier": _ID}
    return Response(status, json.dumps(body).encode(), _JSON)


def _nothing() -> Response:
    return _refuse(404, "Not Found", "No matching records found, refine your search criteria and try again")
