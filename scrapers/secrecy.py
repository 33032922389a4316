"""Credentials never reach a log, a verdict or an issue, whatever an error's message quotes."""

import logging
from collections.abc import Iterable

_HIDDEN = "[hidden]"
_SHORTEST = 4
"""A shorter word is no credential and would tear holes into ordinary text."""


def conceal(text: str, secrets: Iterable[str]) -> str:
    """The text without any of the secrets."""
    for secret in sorted((secret for secret in secrets if len(secret) >= _SHORTEST), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return text


def keep_out_of_logs(secrets: Iterable[str]) -> None:
    """From now on in this process every log record, tracebacks included, is written without the secrets."""
    hidden = tuple(secrets)
    if not hidden:
        return
    make = logging.getLogRecordFactory()
    formatter = logging.Formatter()

    def factory(*args: object, **kwargs: object) -> logging.LogRecord:
        record = make(*args, **kwargs)
        record.msg, record.args = conceal(record.getMessage(), hidden), ()
        if record.exc_info:
            # Formatters print this text instead of making their own.
            record.exc_text = conceal(formatter.formatException(record.exc_info), hidden)
        return record

    logging.setLogRecordFactory(factory)
