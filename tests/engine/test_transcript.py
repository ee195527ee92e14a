"""The engine answers as torch does, interaction by interaction."""

from __future__ import annotations

import pytest
import torch_session as session

import autograd_lib

# What is allowed to differ, and why. At most one interaction in twenty may stand here.
EXCEPTIONS = {
    "3:16": "our node classes have a common base class in Python; torch's is in C++",
    "5:146": "our __array__ takes NumPy 2's `copy`, so NumPy has nothing to deprecate",
    "8:6": "our node classes have a common base class in Python; torch's is in C++",
    "8:44": "the recorded traceback shows the frames of the program that recorded it",
}

SECTIONS = session.read()


@pytest.fixture(scope="module")
def replayed():
    # Some warnings come once per process, and earlier tests may have had them.
    autograd_lib.errors.said.clear()
    for section in SECTIONS:
        session.replay(section, autograd_lib)
    return {x.name: x for section in SECTIONS for x in section.interactions}


@pytest.mark.parametrize("section", SECTIONS, ids=lambda s: f"section{s.number}")
def test_every_answer_is_torchs(section, replayed):
    different = [
        f"{x.name} {x.source}\n  torch: {x.expected}\n  here:  {x.actual}"
        for x in section.interactions
        if not x.same and x.name not in EXCEPTIONS
    ]
    assert not different, "\n".join(different)


def test_the_exceptions_are_few_and_needed(replayed):
    assert len(EXCEPTIONS) <= 0.05 * len(replayed)
    assert [name for name in EXCEPTIONS if replayed[name].same] == []


def test_the_recording_is_whole():
    assert [s.number for s in SECTIONS] == list(range(1, 12))
    assert sum(len(s.interactions) for s in SECTIONS) == 987


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        ("tensor([1.2345])", "tensor([1.2346])", True),
        ("tensor([1.2345])", "tensor([1.2347])", False),
        ("tensor([3.])", "tensor([4.])", False),
        ("tensor(1.)", "tensor(1., requires_grad=True)", False),
        ("<A object at 0x7f12>", "<A object at 0x9a>", True),
        ("1.0000e-04", "1.0001e-04", True),
        ("1.0000e-04", "1.0000e-05", False),
        ("version 1", "version 2", False),
    ],
)
def test_the_comparison_sees_differences(a, b, verdict):
    assert session.alike(a, b) is verdict
