"""The walk backward: order, depth, memory, threads."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

import autograd_lib as torch


def test_a_million_operations_there_and_back():
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(1_000_000):
        y = y + 1
    y.backward()
    assert x.grad.item() == 1.0
    del y  # a chain of a million nodes is freed without running out of stack


def test_a_long_chain_that_saves_and_creates_its_graph():
    x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y * 1.0001
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    assert g.item() == pytest.approx(1.0001**20_000)


def train_step():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
    opt = torch.optim.Adam(net.parameters(), lr=0.01)
    x, y = torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])
    for _ in range(2):
        opt.zero_grad()
        h = net(x)
        h.register_hook(lambda g: g * 1)
        h.retain_grad()
        loss = torch.nn.functional.cross_entropy(h, y)
        loss.backward()
        opt.step()
    return weakref.ref(h), weakref.ref(loss), weakref.ref(loss.grad_fn)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x * x
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, g):
        x, _ = ctx.saved_tensors
        return 2 * x * g


def everything_with_views():
    x = torch.randn(4, 3, requires_grad=True)
    a = x.exp()
    b = a[1:].reshape(9).clone()
    b[:4].mul_(2)
    b[0] = 1.0
    c = Square.apply(b).sum() + b.unbind()[2] * a.softmax(0).max(1).values.sum()
    (g,) = torch.autograd.grad(c, x, create_graph=True)
    g.sum().backward()
    return weakref.ref(a), weakref.ref(b), weakref.ref(c.grad_fn), weakref.ref(g)


def unfinished():
    x = torch.ones(3, requires_grad=True)
    y = (x.exp() * x.sigmoid()).tanh().sum()
    return weakref.ref(y), weakref.ref(y.grad_fn), weakref.ref(y.grad_fn.next_functions[0][0])


@pytest.mark.parametrize("work", [train_step, everything_with_views, unfinished])
def test_no_reference_cycles(work):
    work()
    gc.collect()
    gc.disable()
    try:
        refs = work()
        assert [r() for r in refs] == [None] * len(refs)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_values_are_freed_on_the_way_back():
    x = torch.ones(1000, requires_grad=True)
    middle = x * 2
    y = (middle * middle).sum()
    kept = weakref.ref(middle)
    del middle
    assert kept() is not None
    y.backward()
    assert kept() is None


def test_each_thread_has_its_own_grad_mode():
    seen = {}
    inside = threading.Event()
    done = threading.Event()

    def quiet():
        with torch.no_grad():
            inside.set()
            done.wait(5)
            seen["quiet"] = torch.is_grad_enabled()

    def loud():
        inside.wait(5)
        seen["loud"] = (torch.ones(1, requires_grad=True) * 2).requires_grad
        done.set()

    threads = [threading.Thread(target=f) for f in (quiet, loud)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(10)
    assert seen == {"quiet": False, "loud": True}


def fit(seed, result):
    g = torch.Generator().manual_seed(seed)
    w = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    x = torch.randn(20, 3, generator=g, dtype=torch.float64)
    y = x @ torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64) * seed
    for _ in range(200):
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
        w.grad = None
    result[seed] = w.tolist()


def test_a_thread_that_records_nothing_leaves_the_others_alone():
    from autograd_lib.grad_mode import unusual

    assert not unusual
    seen = {}

    def look(name):
        x = torch.ones(2, requires_grad=True)
        seen[name] = (x * 2 + x.sum()).requires_grad

    def elsewhere(name):
        t = threading.Thread(target=look, args=(name,))
        t.start()
        t.join()

    with torch.no_grad():
        elsewhere("beside no_grad")
        look("no_grad")
        with torch.enable_grad():
            look("enable_grad")
        look("no_grad again")
    look("after")
    with torch.inference_mode():
        elsewhere("beside inference_mode")
        look("inference_mode")
    with pytest.warns(UserWarning, match="Anomaly"), torch.autograd.detect_anomaly():
        elsewhere("beside anomaly mode")
        look("anomaly mode")
    assert {name for name, recorded in seen.items() if not recorded} == {
        "no_grad", "no_grad again", "inference_mode",
    }  # fmt: skip
    assert not unusual  # so operations need not ask their threads any more


def test_anomaly_mode_reaches_threads_that_begin_in_it():
    found = []

    def work():
        x = torch.ones(2, requires_grad=True)
        found.append("traceback_" in (x * 2).grad_fn.metadata)

    for on in (True, False):
        with torch.autograd.set_detect_anomaly(on):
            t = threading.Thread(target=work)
            t.start()
            t.join()
    assert found == [True, False]


def test_two_threads_train_two_models():
    alone, together = {}, {}
    for seed in (1, 2):
        fit(seed, alone)
    threads = [threading.Thread(target=fit, args=(s, together)) for s in (1, 2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert together == alone


def test_nodes_run_in_falling_order_of_creation():
    order = []

    def note(name):
        def hook(g):
            order.append(name)

        return hook

    x = torch.ones(2, requires_grad=True)
    a = x * 2
    b = x * 3
    c = a + b
    d = b * a
    e = (c + d).sum()
    for name, t in [("a", a), ("b", b), ("c", c), ("d", d)]:
        t.register_hook(note(name))
    e.backward()
    assert order == ["d", "c", "b", "a"]


def test_hooks_of_one_tensor_in_order():
    order = []
    y = torch.ones(1, requires_grad=True) * 2
    y.grad_fn.register_prehook(lambda g: order.append("node prehook"))
    y.grad_fn.register_hook(lambda gi, go: order.append("node posthook"))
    y.register_hook(lambda g: order.append("tensor hook"))
    y.backward()
    assert order == ["tensor hook", "node prehook", "node posthook"]


def test_a_leaf_is_served_as_soon_as_its_gradients_are_there():
    order = []
    x = torch.ones(1, requires_grad=True)
    w = torch.ones(1, requires_grad=True)
    h = x * 2
    y = h * w
    w.register_hook(lambda g: order.append("w"))
    h.register_hook(lambda g: order.append("h"))
    y.backward()
    assert order == ["w", "h"]


@pytest.mark.parametrize(
    "make",
    [
        lambda x, v: (x + 0).backward(v),
        lambda x, v: x.backward(v),
        lambda x, v: x.clone().backward(v),
        lambda x, v: x.reshape(2, 1).reshape(2).backward(v),
        lambda x, v: torch.stack([x, x])[0].backward(v),
    ],
)
def test_grad_never_shares_memory_with_what_came_in(make):
    x, v = torch.ones(2, requires_grad=True), torch.tensor([1.0, 2.0])
    make(x, v)
    x.grad.zero_()
    assert v.tolist() == [1.0, 2.0]


def test_two_leaves_never_share_a_gradient():
    a, b = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    ((a + b) * 2).sum().backward()
    a.grad.zero_()
    assert b.grad.tolist() == [2.0, 2.0, 2.0]


def test_a_custom_backward_may_return_what_it_saved():
    class Odd(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, k):
            ctx.save_for_backward(k)
            return x * k

        @staticmethod
        def backward(ctx, g):
            return ctx.saved_tensors[0], None

    x, k = torch.ones(2, requires_grad=True), torch.tensor([3.0, 4.0])
    Odd.apply(x, k).sum().backward()
    x.grad.zero_()
    assert k.tolist() == [3.0, 4.0]


def test_autograd_grad_leaves_grad_alone_and_skips_what_it_need_not_run():
    ran = []
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    z = y * 3
    y.grad_fn.register_hook(lambda gi, go: ran.append("y"))
    (g,) = torch.autograd.grad(z.sum(), y)
    assert g.tolist() == [3.0, 3.0] and x.grad is None and ran == []


def test_saved_twice_and_changed_once():
    a = torch.ones(2, requires_grad=True) * 1
    y = a * a
    a.add_(1)
    with pytest.raises(RuntimeError, match="is at version 1; expected version 0"):
        y.sum().backward()


def test_anomaly_mode_names_the_line_of_the_change():
    with torch.autograd.set_detect_anomaly(True):
        a = torch.ones(2, requires_grad=True) * 1
        y = a**2
        a.mul_(2)  # the culprit
        with (
            pytest.warns(UserWarning, match="Error detected in PowBackward0"),
            pytest.raises(RuntimeError) as error,
        ):
            y.sum().backward()
    assert any("the culprit" in note for note in error.value.__notes__)


def test_third_derivative():
    x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    y = x**5
    for expected in (80.0, 160.0, 240.0, 240.0, 120.0):
        (y,) = torch.autograd.grad(y, x, create_graph=True)
        assert y.item() == pytest.approx(expected)


def test_shares_memory_with_numpy():
    a = np.zeros(3, np.float32)
    t = torch.from_numpy(a)
    t[0] = 5.0
    a[1] = 7.0
    assert t.tolist() == [5.0, 7.0, 0.0] and np.shares_memory(t.numpy(), a)
    assert isinstance(np.sin(t), torch.Tensor)


def test_save_and_load_without_pickle(tmp_path):
    net = torch.nn.Linear(2, 3)
    state = {"net": net.state_dict(), "epoch": 3, "losses": [1.5, float("inf")], "pair": (1, "a")}
    torch.save(state, tmp_path / "x.pt")
    back = torch.load(tmp_path / "x.pt")
    assert back["epoch"] == 3 and back["losses"] == [1.5, float("inf")] and back["pair"] == (1, "a")
    assert torch.equal(back["net"]["weight"], net.weight)
    with pytest.raises(TypeError):
        torch.save(print, tmp_path / "y.pt")


def test_ctx_belongs_to_the_user():
    class Total(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.shape, ctx.dtype, ctx.run, ctx.hooks, ctx.edges, ctx.seq = x.shape, 1, 2, 3, 4, 5
            return x.sum()

        @staticmethod
        def backward(ctx, g):
            return g.expand(ctx.shape)

    x = torch.ones(2, 3, requires_grad=True)
    Total.apply(x).backward()
    assert x.grad.tolist() == [[1.0] * 3] * 2


def test_the_generator_goes_back_to_where_it_was():
    torch.manual_seed(3)
    torch.randn(5)  # an odd number of normals: one is waiting
    state = torch.get_rng_state()
    assert (state.dtype, tuple(state.shape)) == (torch.uint8, (5056,))
    first = torch.randn(3).tolist(), torch.rand(2).tolist(), torch.randperm(5).tolist()
    torch.set_rng_state(state)
    assert first == (torch.randn(3).tolist(), torch.rand(2).tolist(), torch.randperm(5).tolist())


def test_callbacks_and_hooks_on_several_gradients():
    seen = []
    x, y = (torch.ones(2, requires_grad=True) for _ in range(2))
    torch.autograd.graph.register_multi_grad_hook((x, y), lambda gs: seen.append(gs))
    x.sum().backward()
    (x * y).sum().backward()
    assert [[g is None for g in gs] for gs in seen] == [[False, True], [False, False]]


@pytest.mark.parametrize(
    "data", [np.array([None, 1], dtype=object), np.array(["a"]), np.array([1j], dtype="G")]
)
def test_arrays_of_types_that_torch_lacks_are_refused(data):
    with pytest.raises(TypeError, match=r"can't convert np\.ndarray of type numpy"):
        torch.from_numpy(data)


def test_in_place_without_recording_broadcasts_or_says_why_not():
    x = torch.ones(2, 3, requires_grad=True)
    with torch.no_grad():
        x -= torch.tensor([1.0, 2.0, 3.0])
        x *= torch.tensor(2.0)
        x.t().add_(torch.tensor([1.0, -1.0]))
        assert x.tolist() == [[1.0, -1.0, -3.0], [-1.0, -3.0, -5.0]] and x._version == 3
        for wrong in (torch.ones(2), torch.ones(4, 2, 3)):
            with pytest.raises(RuntimeError):
                x -= wrong
        with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
            x[0].add_(torch.ones(2, 3))
        with pytest.raises(RuntimeError, match="single memory location"):
            torch.zeros(1).expand(3).add_(torch.ones(3))
    assert x.requires_grad and x.is_leaf and x._version == 3


def test_views_by_unpacking_know_their_base_and_the_mode_they_were_made_in():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    a, b, c = x
    assert [(t.output_nr, t.requires_grad, t._base is x) for t in (a, b, c)] == [
        (0, True, True), (1, True, True), (2, True, True)
    ]  # fmt: skip
    assert a.grad_fn is c.grad_fn and a._version == 0
    with torch.no_grad():
        d, _, _ = x
        assert d.is_leaf and d.requires_grad
    with torch.inference_mode():
        e, _, _ = x
        assert e.is_leaf and e.requires_grad and not e.is_inference()
    with pytest.raises(RuntimeError, match="Output 0 of Unbind is a view and is being modified"):
        a += 1
    (a * b).backward()
    assert x.grad.tolist() == [2.0, 1.0, 0.0]
    with torch.no_grad():
        x += 1
    assert a._version == 1 and d.tolist() == 2.0
    with pytest.raises(RuntimeError, match="Output 1 of Unbind is a view and its base"):
        b * 2
    with pytest.raises(RuntimeError, match="A view was created in no_grad mode"):
        d * 2
