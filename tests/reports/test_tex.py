"""Light TeX of titles: simple formulas as Unicode, the rest untouched, and the facts always verbatim."""

import pytest

from reports.build import build_brief
from reports.render_html import render_html
from reports.render_markdown import render_markdown
from reports.render_pdf import render_pdf
from reports.tex import as_unicode
from tests.reports.sample import sample_inputs


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        (r"A 2 $\mu$m laser", "A 2 μm laser"),
        ("Si$_3$N$_4$ rings", "Si₃N₄ rings"),
        (r"$\beta$-Ga$_{2}$O$_3$ at $10^{-3}$ K", "β-Ga₂O₃ at 10⁻³ K"),
        (r"Schr\"odinger and Poincar\'{e}", "Schrödinger and Poincaré"),
        (r"A \v{C}erenkov detector of \b{eta}-Ga2O3", "A Čerenkov detector of β-Ga2O3"),
    ],
)
def test_simple_tex_is_shown_as_it_is_read(title: str, shown: str) -> None:
    assert as_unicode(title) == shown


@pytest.mark.parametrize(
    "title",
    [
        r"$\mathcal{O}(n)$",
        r"$\frac{1}{2}$",
        "$a_b$",
        "from $5 and up to $10",
        "US$ and A$",
        r"\input{x}",
        "$$",
        r"\b{foo} \v C",
    ],
)
def test_anything_else_stays_letter_for_letter(title: str) -> None:
    assert as_unicode(title) == title


def test_the_facts_keep_the_title_verbatim_and_pages_show_it_readable() -> None:
    pairs = list(sample_inputs().labelled)
    title = "SIMULATED Si$_3$N$_4$ rings"
    item, label = pairs[0]
    pairs[0] = (
        item.model_copy(update={"title": title}),
        label.model_copy(update={"evidence": (), "probability": 1.0}),
    )
    brief = build_brief(sample_inputs(labelled=tuple(pairs)))
    assert title in [each.title for each in brief.items]
    assert "SIMULATED Si₃N₄ rings" in render_html(brief, "en").decode()
    assert "SIMULATED Si₃N₄ rings" in render_markdown(brief, "zh").decode()
    assert render_pdf(brief, "zh"), "raised and lowered digits have a font in print"
