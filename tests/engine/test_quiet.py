"""Overflow, division by zero and NaN are values, not warnings, whatever filters say."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import autograd_lib as torch

X = [0.0, -1.0, 3e38]

PROGRAMS = {
    "times": lambda x: x * x,
    "plus": lambda x: x + 3e38,
    "minus": lambda x: -x - 3e38,
    "over": lambda x: 1 / x + x / 0.0,
    "power": lambda x: x**3 + x**-1.0,
    "log": lambda x: x.log(),
    "sqrt": lambda x: x.sqrt(),
    "exp": lambda x: x.exp(),
    "mean": lambda x: (x * 10).mean(),
    "nothing": lambda x: x[:0].mean(),
    "softmax": lambda x: (x * torch.inf).softmax(0),
    "matmul": lambda x: (x * torch.inf) @ x,
    "number": lambda x: x * 1e300,
    "norm": lambda x: (x * 0).norm(),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_warns_even_when_warnings_are_errors(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = torch.tensor(X, requires_grad=True)
        y = PROGRAMS[name](x)
        y.sum().backward()
        (g,) = torch.autograd.grad(PROGRAMS[name](x).sum(), x, create_graph=True)
        with torch.no_grad():
            x *= x.grad
    assert g.shape == (3,)


def test_the_callers_own_numpy_still_warns():
    torch.tensor(0.0).log()
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.log(np.zeros(1))
