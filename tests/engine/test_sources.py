"""The numbers of the public introductions that the course is built on."""

from __future__ import annotations

import warnings

import pytest

import autograd_lib as torch

T_C = [0.5, 14.0, 15.0, 28.0, 11.0, 8.0, 3.0, -4.0, 6.0, 13.0, 21.0]
T_U = [35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4]


def close(a, b, atol=1e-4):
    return torch.allclose(a.detach(), torch.tensor(b, dtype=a.dtype), rtol=1e-4, atol=atol)


# -- binary cross entropy with logits -------------------------------------------------------------


@pytest.fixture
def bce():
    torch.manual_seed(0)
    x, y = torch.ones(5), torch.zeros(3)
    w = torch.randn(5, 3, requires_grad=True)
    b = torch.randn(3, requires_grad=True)

    def run():
        z = torch.matmul(x, w) + b
        return z, torch.nn.functional.binary_cross_entropy_with_logits(z, y)

    return w, b, run


def test_bce_values_and_gradients(bce):
    w, b, run = bce
    z, loss = run()
    assert close(w[0], [1.5410, -0.2934, -2.1788])
    assert close(w[4], [-0.8567, 1.1006, -1.0712])
    assert close(b, [0.1227, -0.5663, 0.3731])
    assert close(z, [1.3755, -0.6023, -4.8127])
    assert close(loss, 0.6819)
    assert type(z.grad_fn).__name__ == "AddBackward0"
    assert type(loss.grad_fn).__name__ == "BinaryCrossEntropyWithLogitsBackward0"
    loss.backward()
    expected = torch.sigmoid(z.detach()) / 3
    assert torch.allclose(b.grad, expected) and close(b.grad, [0.2661, 0.1179, 0.0027])
    for row in w.grad:
        assert torch.allclose(row, expected)


def test_second_backward_raises_unless_retained(bce):
    _, b, run = bce
    loss = run()[1]
    loss.backward(retain_graph=True)
    once = b.grad.clone()
    loss.backward()
    assert torch.allclose(b.grad, 2 * once)
    with pytest.raises(RuntimeError, match="backward through the graph a second time") as error:
        loss.backward()
    assert any("retain_graph=True" in note for note in error.value.__notes__)


def test_six_times(bce):
    w, _, run = bce
    run()[1].backward()
    first = w.grad.clone()
    for _ in range(5):
        run()[1].backward()
    assert torch.allclose(w.grad, 6 * first)
    assert not torch.equal(w.grad, first)


def test_stopping_the_tracking(bce):
    w, b, run = bce
    assert run()[0].requires_grad
    with torch.no_grad():
        assert not run()[0].requires_grad
        assert torch.ones(1, requires_grad=True).requires_grad
    z = run()[0]
    cut = z.detach()
    assert not cut.requires_grad and cut.data_ptr() == z.data_ptr()
    cut.requires_grad_()
    cut.sum().backward()
    assert w.grad is None and b.grad is None and close(cut.grad, [1.0, 1.0, 1.0])


def test_an_addition_saves_nothing_and_may_go_back_twice():
    x = torch.ones(2, requires_grad=True)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    assert close(x.grad, [2.0, 2.0])


def test_freezing_all_but_the_last_layer():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    net.requires_grad_(False)
    for p in net[2].parameters():
        p.requires_grad_()
    net(torch.randn(5, 3)).sum().backward()
    assert [p.grad is not None for p in net.parameters()] == [False, False, True, True]


# -- the thermometer ------------------------------------------------------------------------------


def model(t_u, w, b):
    return w * t_u + b


def loss_fn(t_p, t_c):
    return ((t_p - t_c) ** 2).mean()


def test_thermometer_gradients_at_the_start():
    t_c, t_u = torch.tensor(T_C), torch.tensor(T_U)
    params = torch.tensor([1.0, 0.0], requires_grad=True)
    loss_fn(model(t_u, *params), t_c).backward()
    assert close(params.grad, [4517.2969, 82.6000])
    params.grad = None
    loss = loss_fn(model(0.1 * t_u, *params), t_c)
    loss.backward()
    assert close(loss, 80.364, 1e-3)
    assert close(params.grad, [-77.614, -10.640], 1e-3)


def test_thermometer_five_thousand_epochs():
    t_c, t_un = torch.tensor(T_C), 0.1 * torch.tensor(T_U)
    params = torch.tensor([1.0, 0.0], requires_grad=True)
    table = []
    for epoch in range(1, 5001):
        if params.grad is not None:
            params.grad.zero_()
        loss = loss_fn(model(t_un, *params), t_c)
        loss.backward()
        with torch.no_grad():
            params -= 1e-2 * params.grad
        if epoch % 500 == 0:
            table.append(float(loss.detach()))
    expected = [7.860116, 3.828538, 3.092191, 2.957697, 2.933134, 2.928648, 2.927830, 2.927679,
                2.927652, 2.927647]  # fmt: skip
    assert table == pytest.approx(expected, abs=1.5e-6)
    assert close(params, [5.3671, -17.3012])
    assert params.requires_grad and params.is_leaf


def closed_form():
    t_c = torch.tensor(T_C, dtype=torch.float64)
    t_un = 0.1 * torch.tensor(T_U, dtype=torch.float64)
    X = torch.stack([t_un, torch.ones_like(t_un)], 1)
    return X, t_c, torch.linalg.solve(X.T @ X, X.T @ t_c)


def test_thermometer_closed_form():
    X, t_c, best = closed_form()
    assert close(best, [5.36772, -17.30478], 1e-5)
    assert close(((X @ best - t_c) ** 2).mean(), 2.927646, 1e-6)


@pytest.mark.parametrize(
    ("scale", "limit", "condition"), [(0.1, 0.033, 357), (1.0, 3.4e-4, 33_599)]
)
def test_thermometer_largest_stable_step(scale, limit, condition):
    t_u = scale * torch.tensor(T_U, dtype=torch.float64)
    X = torch.stack([t_u, torch.ones_like(t_u)], 1)
    eigenvalues = torch.linalg.eigvalsh(2 * X.T @ X / 11)
    assert float(2 / eigenvalues[-1]) == pytest.approx(limit, rel=0.02)
    assert float(eigenvalues[-1] / eigenvalues[0]) == pytest.approx(condition, rel=0.01)


def test_three_ways_to_update_and_what_they_do():
    p = torch.tensor([1.0], requires_grad=True)
    (p * 3).sum().backward()
    with torch.no_grad():
        rebound = p - 0.1 * p.grad
    assert not rebound.requires_grad
    tracked = p - 0.1 * p.grad
    assert not tracked.is_leaf
    with pytest.warns(UserWarning, match="not a leaf Tensor"):
        assert tracked.grad is None
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad") as error:
        p -= 0.1 * p.grad
    assert any("no_grad" in note for note in error.value.__notes__)


# -- first steps ----------------------------------------------------------------------------------


def test_mean_of_three_y_squared():
    x = torch.ones(2, 2, requires_grad=True)
    y = x + 2
    z = y * y * 3
    out = z.mean()
    assert close(z, [[27.0, 27.0], [27.0, 27.0]])
    out.backward()
    assert close(x.grad, [[4.5, 4.5], [4.5, 4.5]])


def test_requires_grad_set_later():
    torch.manual_seed(0)
    a = torch.randn(2, 2)
    a = (a * 3) / (a - 1)
    assert not a.requires_grad
    a.requires_grad_(True)
    assert type((a * a).sum().grad_fn).__name__ == "SumBackward0"


def test_the_doubling_loop():
    torch.manual_seed(0)
    x = torch.randn(3, requires_grad=True)
    y = x * 2
    while y.data.norm() < 1000:
        y = y * 2
    y.backward(torch.tensor([0.1, 1.0, 0.0001]))
    assert close(x.grad, [51.2, 512.0, 0.0512], 1e-3)


def test_flags_of_powers():
    x = torch.ones(3, requires_grad=True)
    assert (x**2).requires_grad
    with torch.no_grad():
        assert not (x**2).requires_grad


def test_a_scalar_backward_is_backward_of_one():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward(torch.tensor(1.0))
    assert close(x.grad, [2.0, 4.0])


def test_square_of_x_plus_three():
    x = torch.ones(2, 2, requires_grad=True)
    z = (x + 3) ** 2
    z.mean().backward()
    assert close(z, [[16.0] * 2] * 2) and close(x.grad, [[2.0] * 2] * 2)


def test_tracked_and_untracked_sums():
    a, b = torch.ones(1), torch.ones(1)
    plain = a + b
    assert (plain.requires_grad, plain.grad_fn, plain.is_leaf) == (False, None, True)
    with pytest.raises(RuntimeError, match="element 0 of tensors does not require grad"):
        plain.backward()
    a.requires_grad_()
    tracked = a + b
    assert tracked.requires_grad and not tracked.is_leaf and a.is_leaf
    assert type(tracked.grad_fn).__name__ == "AddBackward0"


def test_data_is_silently_unsafe_and_detach_is_not():
    def build(cut):
        x = torch.tensor([2.0], requires_grad=True)
        y = x * 1
        z = y * y
        cut(y).zero_()
        return x, z

    x, z = build(lambda y: y.data)
    z.backward()
    assert close(x.grad, [0.0])  # wrong, and nobody said so
    _, z = build(lambda y: y.detach())
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.backward()


def test_nothing_here_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = torch.ones(3, requires_grad=True)
        (x * x).sum().backward()
        x.grad.zero_()
