"""The state that a process has for all that runs in it: the same before each submission."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

import autograd_lib as torch


@contextmanager
def afresh() -> Iterator[None]:
    """Begin with generators and modes as they are at first, and put them so again at the end.

    Checks run in a process that many submissions share. What one of them draws, switches off, or
    has switched off by a submission, is nothing to the next.
    """
    _reset()
    try:
        with warnings.catch_warnings(), np.errstate(), np.printoptions():
            yield
    finally:
        _reset()


def _reset() -> None:
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
