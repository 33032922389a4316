"""What makes an issue quick to write must not change a byte of it."""

from pathlib import Path

import pytest

from horizon.errors import RenderError
from reports import write
from reports.beside import rendered_beside
from reports.facts import Brief
from reports.fit import first_fit, shows_as_much
from reports.policy import Limits, brief_plan
from reports.render_json import render_json
from reports.write import FORMATS, write_brief

BASE = Limits(items_per_area=3, title_chars=100, reasons=3)


def _fit(**limits: object) -> Limits:
    return Limits.model_validate({**BASE.model_dump(), **limits})


STEPS = (
    _fit(),
    _fit(items_per_area=2),
    _fit(items_per_area=2, shares=False),
    _fit(items_per_area=1),
    _fit(items_per_area=1, shares=False),
    _fit(items_per_area=1, shares=False, items=4),
)


@pytest.mark.parametrize("wanted", range(len(STEPS)))
def test_the_first_step_that_fits_is_found_as_by_trying_one_after_another(wanted: int) -> None:
    fits = [shows_as_much(STEPS[wanted], step) for step in STEPS]
    assert first_fit(STEPS, fits.__getitem__) == fits.index(True)


def test_a_step_that_shows_more_of_one_thing_and_less_of_another_is_tried_itself() -> None:
    # The third fits although it stands before the fourth, which does not.
    fits = (False, False, True, False, True, True)
    tried: list[int] = []

    def try_step(step: int) -> bool:
        tried.append(step)
        return fits[step]

    assert first_fit(STEPS, try_step) == 2
    assert len(tried) < 4


def test_the_last_step_is_taken_where_none_fits() -> None:
    assert first_fit(STEPS, lambda _: False) == len(STEPS) - 1


def test_no_limit_shows_more_than_any() -> None:
    assert shows_as_much(_fit(), _fit(items=100))
    assert not shows_as_much(_fit(items=100), _fit())


def test_the_weekly_is_fitted_in_a_few_trials() -> None:
    plan = brief_plan("weekly")
    steps = [Limits.model_validate({**plan.limits["pdf"].model_dump(), **each}) for each in plan.pdf.fit]
    tried: list[int] = []

    def try_step(step: int) -> bool:
        tried.append(step)
        return False

    first_fit(steps, try_step)
    assert len(tried) <= len(steps) // 2


def test_two_processes_write_what_one_writes(brief: Brief, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for cores in (1, 2):
        monkeypatch.setattr(write, "cores", lambda found=cores: found)
        write_brief(brief, tmp_path / str(cores), formats=("json", "html", "xlsx", "md"))
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / each).iterdir()} for each in "12")
    assert set(one) == {
        "brief.json",
        *(f"brief.{code}.{each}" for code in ("zh", "en") for each in ("html", "xlsx", "md")),
    }
    assert one == two


def test_the_second_process_tells_in_our_words_why_it_failed(brief: Brief, tmp_path: Path) -> None:
    with (
        pytest.raises(RenderError, match=r"expected \.otf or \.ttf fonts in"),
        rendered_beside(render_json(brief), "en", ("html",), tmp_path) as other,
    ):
        other.result()


def test_a_second_process_that_dies_is_told(brief: Brief) -> None:
    with rendered_beside(render_json(brief), "en", ("html",), None) as other:
        other.process.kill()
        with pytest.raises(RenderError, match=r"expected brief\.en\.html from a second process"):
            other.result()


def test_a_failure_here_ends_the_second_process(brief: Brief) -> None:
    with (
        pytest.raises(RenderError, match="here"),
        rendered_beside(render_json(brief), "en", FORMATS[1:], None) as other,
    ):
        raise RenderError("here")
    assert other.process.returncode is not None
    assert not other.folder.exists()
