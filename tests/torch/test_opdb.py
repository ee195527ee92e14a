"""The operations that the engine offers agree with torch on all sample inputs of its database."""

from __future__ import annotations

import warnings
from pathlib import Path

import opdb
import pytest
import torch

ENTRIES = opdb.entries()
OFFERED = [name for name in ENTRIES if opdb.find(name) is not None]
# Operations whose names are recorded as agreeing may not silently disappear.
RECORDED = Path(__file__).with_name("agreeing.txt").read_text(encoding="utf-8").split()


@pytest.mark.parametrize("name", sorted({*OFFERED, *RECORDED}))
def test_float64(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = opdb.check(name, ENTRIES[name])
    assert report.good, "\n".join(report.failures) or "not offered"


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_float32(name):
    entries = [op for op in ENTRIES[name] if torch.float32 in op.dtypes]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = opdb.check(name, entries, torch.float32)
    assert not report.failures, "\n".join(report.failures)


def test_breadth():
    assert len(RECORDED) >= 380
