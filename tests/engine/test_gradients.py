"""Derivatives against finite differences, over random shapes."""

from __future__ import annotations

import ast
import builtins
import importlib.util
from pathlib import Path

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import autograd_lib as torch
from autograd_lib import recorder
from autograd_lib.autograd import gradcheck, gradgradcheck

F = torch.nn.functional
few = settings(max_examples=12, deadline=None, derandomize=True, database=None)
shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)


def tensor(rng, shape, low=0.3, high=1.7, layout="plain"):
    """Random numbers away from kinks, in one of several memory layouts."""
    a = rng.uniform(low, high, tuple(shape))
    if layout == "turned" and a.ndim:
        a = np.ascontiguousarray(a.T).T
    if layout == "holes" and a.ndim:
        big = rng.uniform(low, high, (*a.shape[:-1], a.shape[-1] * 2))
        a = big[..., ::2]
    return torch.from_numpy(a).requires_grad_()


UNARY = {
    name: getattr(torch, name)
    for name in [
        "abs",
        "exp",
        "exp2",
        "expm1",
        "log",
        "log2",
        "log10",
        "log1p",
        "sqrt",
        "rsqrt",
        "square",
        "reciprocal",
        "sin",
        "cos",
        "tan",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "sigmoid",
        "erf",
        "erfc",
        "lgamma",
        "digamma",
        "neg",
        "relu",
    ]
}
UNARY |= {
    name: getattr(F, name)
    for name in [
        "leaky_relu",
        "elu",
        "gelu",
        "silu",
        "softplus",
        "logsigmoid",
        "mish",
        "selu",
        "softsign",
        "tanhshrink",
    ]
}
UNARY |= {
    "sum": torch.sum,
    "mean": lambda x: x.mean() if x.numel() else x.sum(),
    "cumsum": lambda x: x.cumsum(-1),
    "softmax": lambda x: x.softmax(-1) if x.ndim else x,
    "view": lambda x: x.reshape(-1).unsqueeze(0) * 2,
    "transpose": lambda x: x.transpose(0, -1) * x.transpose(0, -1),
    "slice": lambda x: x[..., :1] * 3 if x.ndim else x,
}
BINARY = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "pow": torch.pow,
    "atan2": torch.atan2,
    "hypot": torch.hypot,
    "maximum": torch.maximum,
    "logaddexp": torch.logaddexp,
    "where": lambda a, b: torch.where(a.detach() > b.detach(), a * b, a - b),
    "both": lambda a, b: (a * b + a / b).exp(),
}


@pytest.mark.parametrize("name", UNARY)
@few
@given(shape=shapes, layout=st.sampled_from(["plain", "turned", "holes"]), seed=st.integers(0, 99))
def test_one_argument(name, shape, layout, seed):
    x = tensor(np.random.RandomState(seed), shape, layout=layout)
    assert gradcheck(UNARY[name], (x,))
    if x.numel() <= 6:
        assert gradgradcheck(UNARY[name], (x,))


@pytest.mark.parametrize("name", BINARY)
@few
@given(
    both=hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3),
    seed=st.integers(0, 99),
)
def test_two_arguments_that_broadcast(name, both, seed):
    rng = np.random.RandomState(seed)
    a, b = (tensor(rng, s) for s in both.input_shapes)
    assert gradcheck(BINARY[name], (a, b))
    if a.numel() + b.numel() <= 6:
        assert gradgradcheck(BINARY[name], (a, b))


@few
@given(n=st.integers(1, 3), m=st.integers(1, 3), k=st.integers(1, 3), seed=st.integers(0, 99),
       kind=st.sampled_from(["mm", "mv", "vm", "dot", "bmm", "many"]))  # fmt: skip
def test_matmul(n, m, k, seed, kind):
    a, b = {
        "mm": ((n, m), (m, k)),
        "mv": ((n, m), (m,)),
        "vm": ((m,), (m, k)),
        "dot": ((m,), (m,)),
        "bmm": ((2, n, m), (2, m, k)),
        "many": ((2, 1, n, m), (3, m, k)),
    }[kind]
    rng = np.random.RandomState(seed)
    args = tensor(rng, a), tensor(rng, b)
    assert gradcheck(torch.matmul, args) and gradgradcheck(torch.matmul, args)


@few
@given(shape=hnp.array_shapes(min_dims=1, max_dims=3, max_side=3), seed=st.integers(0, 99),
       data=st.data())  # fmt: skip
def test_indexing(shape, seed, data):
    x = tensor(np.random.RandomState(seed), shape)
    key = data.draw(hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True).filter(
        lambda k: all(not isinstance(s, slice) or s.step is None or s.step > 0
                      for s in (k if isinstance(k, tuple) else (k,)))))  # fmt: skip
    assert np.array_equal(x[key].detach().numpy(), x.detach().numpy()[key])
    assert gradcheck(lambda t: t[key] * t[key], (x,))
    places = torch.from_numpy(np.random.RandomState(seed).randint(0, shape[0], (2, 2)))
    assert gradcheck(lambda t: t[places] ** 2, (x,))


@few
@given(shape=hnp.array_shapes(min_dims=2, max_dims=3, max_side=3), seed=st.integers(0, 99),
       keepdim=st.booleans(), data=st.data())  # fmt: skip
def test_reductions(shape, seed, keepdim, data):
    dims = data.draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True))
    x = tensor(np.random.RandomState(seed), shape)
    for f in (torch.sum, torch.mean, torch.amax, torch.logsumexp):
        assert gradcheck(lambda t, f=f: f(t, dims, keepdim), (x,))
    for f in (torch.prod, torch.cumprod):
        assert gradcheck(lambda t, f=f: f(t, dims[0]), (x,))


@few
@given(
    shape=hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=4), seed=st.integers(0, 99)
)
def test_changes_in_place_on_views(shape, seed):
    x = tensor(np.random.RandomState(seed), shape)

    def work(t):
        a = t * 1
        a[0].mul_(3)
        a[..., -1:] += a[..., :1].exp() * 2
        b = a.reshape(-1)
        b[0] = t.sum()
        return a * a

    assert gradcheck(work, (x,)) and gradgradcheck(work, (x,))


LOSSES = {
    "mse": F.mse_loss,
    "bce_logits": F.binary_cross_entropy_with_logits,
    "smooth_l1": F.smooth_l1_loss,
    "huber": F.huber_loss,
    "bce": lambda a, b, **k: F.binary_cross_entropy(a / 2, b / 2, **k),
}


@pytest.mark.parametrize("name", LOSSES)
@few
@given(shape=hnp.array_shapes(min_dims=0, max_dims=2, max_side=3), seed=st.integers(0, 99),
       reduction=st.sampled_from(["none", "mean", "sum"]))  # fmt: skip
def test_losses(name, shape, seed, reduction):
    rng = np.random.RandomState(seed)
    a, b = tensor(rng, shape, 0.2, 0.9), tensor(rng, shape, 1.0, 1.8)
    assert gradcheck(lambda x, y: LOSSES[name](x, y, reduction=reduction), (a, b))


def test_gradcheck_itself_can_fail():
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * x

        @staticmethod
        def backward(ctx, g):
            return g

    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    assert not gradcheck(Wrong.apply, (x,), raise_exception=False)


# -- the table -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(recorder.ENTRIES))
def test_formulas_speak_words_only(name):
    """A formula that named NumPy would work on arrays and fail under create_graph."""
    entry = recorder.ENTRIES[name]
    # (A folded operation unfolds for that, into others: its own formulas meet arrays only.)
    words = recorder.ARRAYS if entry.unfold else recorder.WORDS
    for formula in entry.formulas.values():
        tree = ast.walk(ast.parse(formula, mode="eval"))
        names = {node.id for node in tree if isinstance(node, ast.Name)}
        for word in names - {"grad", "grads", *entry.saved}:
            local = word in "abs" and " for " in formula
            assert word in words or hasattr(builtins, word) or local


def test_undoing_a_broadcast_stands_in_one_place():
    whole = Path(torch.__file__).parent.rglob("*.py")
    source = "".join(path.read_text(encoding="utf-8") for path in whole)
    assert source.count("sum_to_array(") == 1 and source.count("sum_to_tensor(") == 1


def test_the_page_of_operations_is_current():
    path = Path(__file__).parents[2] / "docs/engine/make_operations.py"
    spec = importlib.util.spec_from_file_location("make_operations", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert made.PAGE.read_text(encoding="utf-8") == made.page()
    for name, entry in recorder.ENTRIES.items():
        assert entry.module in made.PARTS, f"{name} stands in no part of the page"


def test_relu_selects_bit_by_bit():
    # As torch, whose relu's derivative chooses and does not multiply: NaN passes, an infinite
    # gradient stops at a unit that is off, and -0 is kept.
    nan, inf = float("nan"), float("inf")
    for times in (1, 500):
        for dtype in (torch.float32, torch.float64):
            x = torch.tensor([nan, 1.0, -1.0, 0.0, -0.0] * times, dtype=dtype, requires_grad=True)
            y = torch.relu(x)
            assert repr(y.detach().tolist()) == repr([nan, 1.0, 0.0, 0.0, -0.0] * times)
            for g in (inf, -2.0, nan):
                x.grad = None
                y.backward(torch.full_like(x, g), retain_graph=True)
                assert repr(x.grad.tolist()) == repr([g, g, 0.0, 0.0, 0.0] * times)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 11, 31, 32, 33, 100])
def test_the_gradient_of_one_number_is_the_sum_of_what_came(n):
    rng = np.random.RandomState(n)
    inf, nan = np.float32(np.inf), np.float32(np.nan)
    rows = [rng.standard_normal(n).astype("f4"), np.full(n, -0.0, "f4")]
    if n > 1:
        rows += [np.array([end] + [1] * (n - 1), "f4") for end in (inf, -inf, nan)]
    for row in rows:
        w = torch.tensor(2.0, requires_grad=True)
        (w + torch.zeros(n)).backward(torch.tensor(row))
        assert w.grad.shape == () and w.grad.dtype is torch.float32
        expected = row.astype("f8").sum() + 0.0  # (never -0)
        assert np.allclose(w.grad.item(), expected, 1e-5, 1e-5, equal_nan=True)
        assert not (np.signbit(w.grad.numpy()) and not w.grad)
