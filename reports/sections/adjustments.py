"""Recommended adjustments of tiers and routes."""

from reports.view import Paragraph, Run, Section, View


def build(view: View) -> Section:
    said = view.language.joined([view.say(each) for each in view.brief.adjustments])
    return Section("", "", (Paragraph((Run(said),)),) if said else ())
