"""The recorded session, replayed on torch itself: the recording and its reader are right."""

from __future__ import annotations

import pytest
import torch
import torch_session as session


@pytest.mark.parametrize("section", session.read(), ids=lambda s: f"section{s.number}")
def test_torch_answers_as_recorded(section):
    session.replay(section, torch)
    # 8:44 and 8:69 carry the frames and the deprecations of the program around them; of 5:191 torch
    # warns once per process, and other tests may have come first.
    different = [x.name for x in section.interactions if not x.same]
    assert set(different) <= {"5:191", "8:44", "8:69"}
