"""What is computed at once looks like the several operations that it stands for."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_lib as torch
from autograd_lib.recorder import WORDS

F = torch.nn.functional


def plain_linear(x, weight, bias):
    return WORDS["addmm"](bias, x, weight.t())


def plain_row(x, weight, bias):
    return WORDS["squeeze_in_place"](WORDS["mm"](x.unsqueeze(0), weight), 0)


def plain_cross_entropy(x, weight, bias):
    classes = torch.tensor([2, 0, 1, 1])
    return F.nll_loss(F.log_softmax(x, 1), classes)


def folded_cross_entropy(x, weight, bias):
    return F.cross_entropy(x, torch.tensor([2, 0, 1, 1]))


PAIRS = {
    "linear": (F.linear, plain_linear, (4, 3), (5, 3)),
    "row": (lambda x, w, b: x @ w, plain_row, (3,), (3, 5)),
    "cross_entropy": (folded_cross_entropy, plain_cross_entropy, (4, 3), (1,)),
}


def arguments(name, tracked=(True, True, True)):
    rng = np.random.default_rng(0)
    _, _, x, w = PAIRS[name]
    shapes = (x, w, (5,))
    return [
        torch.tensor(rng.normal(size=s)).requires_grad_(t)
        for s, t in zip(shapes, tracked, strict=True)
    ]


def graph(node):
    """Names of nodes and what they saved, all the way back."""
    if node is None or "Accumulate" in node.name():
        return node and node.name()
    saved = {
        n: np.asarray(v.detach()).tolist() if isinstance(v, torch.Tensor) else v
        for n in dir(node)
        if n.startswith("_saved_")
        for v in [getattr(node, n)]
    }
    return node.name(), saved, [graph(n) for n, _ in node.next_functions]


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("tracked", [(1, 1, 1), (1, 0, 0), (0, 1, 1)])
def test_the_graph_is_that_of_the_plain_operations(name, tracked):
    folded, plain, _, _ = PAIRS[name]
    outs = [f(*arguments(name, map(bool, tracked))) for f in (folded, plain)]
    assert outs[0].requires_grad == outs[1].requires_grad
    assert graph(outs[0].grad_fn) == graph(outs[1].grad_fn)
    if outs[0].grad_fn is not None:
        assert outs[0].grad_fn.next_functions == outs[0].grad_fn.next_functions  # the same objects
        assert type(outs[0].grad_fn).__name__ == type(outs[1].grad_fn).__name__


@pytest.mark.parametrize("looked_at", [False, True])
@pytest.mark.parametrize("name", PAIRS)
def test_the_gradients_too_before_and_after_somebody_looked(name, looked_at):
    grads = []
    for f in PAIRS[name][:2]:
        args = arguments(name)
        out = (f(*args) ** 2).sum()
        if looked_at:
            assert out.grad_fn.next_functions[0][0].next_functions[0][0].next_functions
        out.backward()
        grads.append([None if a.grad is None else a.grad.tolist() for a in args])
    for one, other in zip(*grads, strict=True):
        assert one is None or np.allclose(one, other, rtol=1e-12)
    assert [g is None for g in grads[0]] == [g is None for g in grads[1]]


@pytest.mark.parametrize("name", PAIRS)
def test_second_derivatives(name):
    found = []
    for f in PAIRS[name][:2]:
        args = arguments(name)
        used = args[:1] if name == "cross_entropy" else args[: 2 if name == "row" else 3]
        g = torch.autograd.grad((f(*args) ** 2).sum(), used, create_graph=True)
        found.append(torch.autograd.grad(sum((x**2).sum() for x in g), used[0])[0].numpy())
    np.testing.assert_allclose(*found, rtol=1e-12)


@pytest.mark.parametrize("name", PAIRS)
def test_saved_values_are_watched_and_freed(name):
    f = PAIRS[name][0]
    x, w, b = arguments(name)
    y = x * 1
    out = f(y, w, b).sum()
    if name != "cross_entropy":  # which needs its own result only
        with torch.no_grad():
            y.add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            out.backward()
    out = f(x, w, b).sum()
    out.backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        out.backward()


@pytest.mark.parametrize("name", PAIRS)
def test_hooks_inside(name):
    f = PAIRS[name][0]
    x, w, b = arguments(name)
    node = f(x, w, b).grad_fn
    out = f(x, w, b)
    seen = []
    node = out.grad_fn
    inner = next(n for n, _ in node.next_functions if n is not None and n.next_functions)
    inner.register_hook(lambda into, out: seen.append(inner.name()))
    out.sum().backward()
    assert seen == [inner.name()]


def test_modes_see_the_plain_operations():
    x, w, b = arguments("linear")
    packed = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: packed.append(tuple(t.shape)) or t, lambda t: t
    ):
        F.linear(x, w, b)
    assert sorted(packed) == [(3, 5), (4, 3)]
    with torch.inference_mode():
        assert F.linear(x, w, b).is_inference()
