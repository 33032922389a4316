"""What an expert group should check: the labels least sure, then the items on which most rests."""

from reports.details import Check
from reports.tex import as_unicode
from reports.view import Block, Entries, Entry, Paragraph, Run, Section, View, displayable, language_tag, shorten


def build(view: View) -> Section:
    if not view.brief.checks:
        return Section("", "", ())
    blocks: tuple[Block, ...] = (
        Entries(tuple(_entry(view, each) for each in view.brief.checks)),
        Paragraph((Run(view.label("checks_key")),), "note"),
    )
    return Section("", "", blocks)


def _entry(view: View, check: Check) -> Entry:
    item, words = check.item, view.language
    title = shorten(as_unicode(displayable(item.title)), view.limits.title_chars, words.word("forms", "truncated"))
    about = f"{view.label('published')} {words.day(item.published)}"
    probability = f"{view.label('probability')} {view.bare(check.probability)}"
    detail = words.word("forms", "middot") + words.word("forms", "separator").join((about, probability))
    return Entry(
        group=view.label(f"check_{check.reason}"),
        title=Run(title or displayable(item.id), "strong", lang=language_tag(item.language), href=item.link),
        lines=((Run(displayable(item.id), "code"), Run(detail, "quiet")), (Run(view.say(check.why)),)),
    )
