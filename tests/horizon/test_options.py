"""What the command line makes of its words."""

import pytest

from horizon.cli.options import clock, words
from horizon.errors import UsageError


@pytest.mark.parametrize("as_of", [None, "2026-11-24T09:00:00.123456", "2026-11-24T17:00:00.5+08:00"])
def test_a_run_begins_at_a_whole_second_of_utc(as_of: str | None) -> None:
    moment = clock(as_of)
    assert moment.microsecond == 0
    assert moment.utcoffset() is not None
    assert moment.tzname() == "UTC"


def test_words_are_told_once_and_never_none() -> None:
    assert words("arxiv, epo,arxiv") == ("arxiv", "epo")
    with pytest.raises(UsageError, match="one or more"):
        words(" , ")
