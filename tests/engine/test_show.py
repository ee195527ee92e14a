"""Pictures and explanations of graphs."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from unittest.mock import Mock

import numpy as np
import pytest

import autograd_lib as torch
from autograd_lib import show

SVG = "{http://www.w3.org/2000/svg}"


def example():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    b = torch.tensor(0.5, requires_grad=True)
    y = w * 3 + b
    return w, b, y, (y * y).sum()


def test_a_drawing_names_variables_and_tells_kinds_apart():
    w, b, y, loss = example()
    picture = show.draw(loss)
    root = ET.fromstring(picture.svg)
    texts = [t.text for t in root.iter(f"{SVG}text")]
    assert {"w", "b", "y = add", "loss = sum", "mul"} <= set(texts)
    assert root.find(f"{SVG}title").text == "The graph behind loss"
    assert "y = add, 2, from mul and b." in root.find(f"{SVG}desc").text
    assert picture.svg == picture._repr_svg_()
    assert repr(picture).splitlines()[0] == "loss = sum, scalar"
    assert '[shape=ellipse, label="w: leaf, 2"]' in picture.dot
    assert (w.grad, b.grad) == (None, None) and y.requires_grad


def test_hostile_names_are_escaped():
    x = torch.ones(1, requires_grad=True)
    anything = Mock()
    picture = show.draw(x * 2, names={"<script>&": x})
    assert anything.mock_calls == []
    assert "<script>" not in picture.svg and ET.fromstring(picture.svg) is not None


def test_what_is_no_tensor_is_named():
    with pytest.raises(TypeError, match="draw\\(\\) takes a tensor, not list"):
        show.draw([1.0])


def test_gradients_on_the_way_back():
    w, b, _, loss = example()
    text = show.draw(loss, gradients=True).text
    assert "w: leaf, 2   grad [21., 39.]" in text
    loss.backward()
    assert w.grad.tolist() == [21.0, 39.0] and b.grad.item() == 20.0


def test_steps_follow_the_engine_and_change_nothing():
    w, b, _, loss = example()
    steps = show.steps(loss)
    assert [s.operation for s in steps] == ["sum", "mul", "add", "mul"]
    assert steps[-1].accumulated == {"w": "[21., 39.]", "b": "20."}
    assert w.grad is None and b.grad is None
    assert "1. sum" in repr(steps) and 'type="range"' in steps._repr_html_()
    loss.backward()


def test_explaining_none():
    w, b, y, loss = example()
    assert "no backward() has reached w" in show.explain(w)
    assert "retain_grad()" in show.explain(y)
    assert "does not require grad" in show.explain(torch.ones(1))
    assert "whole" in show.explain(torch.tensor([1, 2]))
    other = torch.ones(1, requires_grad=True)
    cut = show.explain(other, loss)
    assert "no path leads" in cut and "The loss depends on: " in cut and "mul" in cut
    detached = (y.detach() * b).sum()
    assert "no path leads from the loss to w" in show.explain(w, detached)


def test_explaining_zero_and_nan():
    x = torch.tensor([-1.0, -2.0], requires_grad=True)
    dead = x.relu()
    loss = dead.sum()
    loss.backward(retain_graph=True)
    assert "derivative of relu (made dead) is zero" in show.explain(x, loss)
    z = torch.tensor([0.0], requires_grad=True)
    bad = (z.sqrt() * 0).sum()
    bad.backward(retain_graph=True)
    assert "first appears in the derivative of sqrt" in show.explain(z, bad)
    w, _, _, loss = example()
    loss.backward()
    assert "w.grad is there" in show.explain(w)


def test_a_long_chain_is_drawn_without_recursion():
    x = torch.ones(1, requires_grad=True)
    y = x
    for _ in range(3000):
        y = y + 1
    assert len(show.draw(y).boxes) == 3001


def test_everything_stands_just_above_what_uses_it():
    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    loss = (a.exp().exp() * b).sum()
    rank = {box.label: box.rank for box in show.draw(loss).boxes}
    assert rank == {"a": 0, "exp": 2, "b": 2, "mul": 3, "sum": 4}


def test_a_long_graph_is_drawn_from_its_end():
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(100):
        y = y * 1.01 + x
    picture = show.draw(y, gradients=True)
    root = ET.fromstring(picture.svg)
    texts = [t.text for t in root.iter(f"{SVG}text")]
    assert "… 176 operations before" in texts and texts.count("add") == 11
    assert len(picture.text.splitlines()) == 301


def test_parameters_of_modules_have_names():
    net = torch.nn.Linear(2, 1)
    out = net(torch.ones(1, 2)).sum()
    assert "net.weight: leaf, 1×2" in show.draw(out).text


def points(path):
    """Points along the curves and lines of an SVG path of M, C."""
    x0, y0, *rest = map(float, re.findall(r"-?\d+", path))
    for x1, y1, x2, y2, x3, y3 in zip(*[iter(rest)] * 6, strict=True):
        for t in np.linspace(0, 1, 41):
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            yield a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3
        x0, y0 = x3, y3


@pytest.mark.parametrize("gradients", [False, True])
def test_no_edge_runs_behind_a_box(gradients):
    W1, w2 = torch.randn(4, 3, requires_grad=True), torch.randn(1, 4, requires_grad=True)
    hidden = (torch.ones(5, 3) @ W1.t()).relu()
    far = (W1**2).sum() + (w2**2).sum() + hidden.sum() * w2.sum()
    svg = show.draw(((hidden @ w2.t()) ** 2).mean() + far, gradients=gradients).svg
    boxes = [
        [float(re.search(rf' {k}="([^"]*)"', rect)[1]) for k in ("x", "y", "width", "height")]
        for rect in re.findall(r"<rect x=[^>]*>", svg)
    ]
    paths = re.findall(r'<path d="([^"]*)" fill="none"', svg)
    assert len(paths) > len(boxes) > 10
    for path in paths:
        for x, y in points(path):
            assert not any(u < x < u + w and v + 1 < y < v + h - 1 for u, v, w, h in boxes)
