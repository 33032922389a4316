"""A download handler that writes large answers to a file as they come, so that a bulk file never stands in memory.

Scrapy gathers a whole body before anybody sees it and has no public way round that; this takes the place of the buffer
in its HTTP/1.1 handler (`scrapy/core/downloader/handlers/http11.py` of 2.19, to which pyproject.toml keeps us).
"""

from pathlib import Path
from typing import IO, Any

from scrapy import Request
from scrapy.core.downloader.handlers import http11
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future

from scrapers.politeness import CrawlStopped

INTO = "into"
"""Key of a request's meta: the path of the file."""
_OK = 200


class DiskHandler(http11.HTTP11DownloadHandler):
    """Answers with status 200 to requests with `INTO` go to that file, and their response has no body.

    All else is as Scrapy has it: time limits, the limit of size, and the refusal of bodies that were cut short.
    """

    async def download_request(self, request: Request) -> Response:
        if INTO not in request.meta:
            return await super().download_request(request)
        sink = _Sink(Path(request.meta[INTO]))
        agent = _DiskAgent(
            sink,
            contextFactory=self._contextFactory,
            bindAddress=self._bind_address,
            pool=self._pool,
            maxsize=self._default_maxsize,
            warnsize=self._default_warnsize,
            fail_on_dataloss=self._fail_on_dataloss,
            crawler=self._crawler,
        )
        try:
            with wrap_twisted_exceptions():
                response: Response = await maybe_deferred_to_future(agent.download_request(request))
        finally:
            sink.close()
        if sink.fault is not None:
            why = f"a file could not be kept: {sink.fault.strerror}; make room and crawl again"
            raise CrawlStopped(why, source=str(request.meta.get("download_slot", "")), url=request.url)
        return response


class _Sink:
    """What the reader of a body takes for its buffer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self.fault: OSError | None = None

    def open(self) -> None:
        """An answer that comes a second time replaces the first."""
        self._file = self._path.open("wb")

    def write(self, data: bytes) -> None:
        # An exception here would be lost among the transport's own, and the download would wait for its time limit.
        try:
            if self._file is not None and self.fault is None:
                self._file.write(data)
        except OSError as error:
            self.fault = error

    def getvalue(self) -> bytes:
        return b""

    def truncate(self, size: int) -> None:
        if self._file is not None:
            self._file.truncate(size)

    def close(self) -> None:
        try:
            if self._file is not None:
                self._file.close()
        except OSError as error:
            self.fault = self.fault or error


class _DiskAgent(http11._ScrapyAgent):
    def __init__(self, sink: _Sink, **settings: Any) -> None:
        super().__init__(**settings)
        self._sink = sink

    def _cb_bodyready(self, txresponse: Any, request: Request) -> Any:
        # What is packed for the way has to be unpacked by Scrapy, in memory.
        packed = txresponse.headers.hasHeader(b"content-encoding")
        if txresponse.code != _OK or packed:
            return super()._cb_bodyready(txresponse, request)
        self._sink.open()
        diverted: Any = _Diverted(txresponse, self._sink)
        return super()._cb_bodyready(diverted, request)


class _Diverted:
    """Twisted's response, but for the buffer of whoever reads its body."""

    def __init__(self, response: Any, sink: _Sink) -> None:
        self._response, self._sink = response, sink

    def deliverBody(self, reader: Any) -> None:
        reader._bodybuf = self._sink
        self._response.deliverBody(reader)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)
