"""Briefs of the invented week, built once."""

import pytest

from reports.build import build_brief
from reports.facts import Brief
from reports.inputs import BriefInputs
from tests.reports.sample import sample_inputs


@pytest.fixture(scope="session")
def inputs() -> BriefInputs:
    return sample_inputs()


@pytest.fixture(scope="session")
def brief(inputs: BriefInputs) -> Brief:
    return build_brief(inputs)
