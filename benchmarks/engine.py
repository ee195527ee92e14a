"""How fast the engine is, beside torch, MyGrad, HIPS autograd, micrograd and hand-written NumPy.

Every workload runs on every library that is installed, in turns within one process, on one thread;
what is reported is the median time of a round, and how many times faster the engine is. Correctness
comes first: results are compared before anything is timed. ``python benchmarks/engine.py``.

(micrograd computes with Python's own floats, without NumPy: the least that a chain of operations on
single numbers can cost in Python. It keeps no versions, and has no hooks, types or shapes.)
"""

# ruff: noqa: E402 - the number of threads must be set before NumPy is imported
from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import gc
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

T_C = [0.5, 14.0, 15.0, 28.0, 11.0, 8.0, 3.0, -4.0, 6.0, 13.0, 21.0]
T_U = [35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4]

# What each workload has to reach: times faster than torch, and at most times hand-written NumPy.
GOALS = {
    "thermometer": (2.8, 3.1), "bce": (2.2, None), "chain": (1.8, None),
    "net 64-64-10": (2.2, None),
    "net 64-256-10": (1.4, 1.3), "net 784-256-10": (1.0, 1.3),
}  # fmt: skip


def torches() -> dict[str, Any]:
    import autograd_lib

    found: dict[str, Any] = {"engine": autograd_lib}
    try:
        import torch

        torch.set_num_threads(1)
        found["torch"] = torch
    except ImportError:
        print("torch is not installed here; comparing with the others only", file=sys.stderr)
    return found


# -- workloads: each returns a function to time, and one that gives a result to compare ------------


def thermometer(epochs: int) -> dict[str, Callable]:
    runs: dict[str, Callable] = {}

    def torch_like(torch: Any) -> Callable:
        t_c, t_un = torch.tensor(T_C), 0.1 * torch.tensor(T_U)

        def model(t_u: Any, w: Any, b: Any) -> Any:
            return w * t_u + b

        def loss_fn(t_p: Any, t_c: Any) -> Any:
            return ((t_p - t_c) ** 2).mean()

        def run() -> Any:
            params = torch.tensor([1.0, 0.0], requires_grad=True)
            for _ in range(epochs):
                if params.grad is not None:
                    params.grad.zero_()
                loss = loss_fn(model(t_un, *params), t_c)
                loss.backward()
                with torch.no_grad():
                    params -= 1e-2 * params.grad
            return params.detach().numpy()

        return run

    def by_hand() -> Any:
        t_c, t_un = np.array(T_C, np.float32), np.float32(0.1) * np.array(T_U, np.float32)
        params = np.array([1.0, 0.0], np.float32)
        n, lr = np.float32(len(T_C)), np.float32(1e-2)
        for _ in range(epochs):
            w, b = params
            t_p = w * t_un + b
            diff = t_p - t_c
            np.add.reduce(diff**2) / n
            g = diff * (np.float32(2) / n)
            grad = np.array([np.add.reduce(g * t_un), np.add.reduce(g)])
            params -= lr * grad
        return params

    for name, torch in torches().items():
        runs[name] = torch_like(torch)
    runs["numpy"] = by_hand
    mg = optional("mygrad")
    if mg:

        def run_mygrad() -> Any:
            t_c, t_un = np.array(T_C, np.float32), np.float32(0.1) * np.array(T_U, np.float32)
            params = mg.tensor(np.array([1.0, 0.0], np.float32))
            for _ in range(epochs):
                w, b = params[0], params[1]
                loss = ((w * t_un + b - t_c) ** 2).mean()
                loss.backward()
                params = mg.tensor(params.data - np.float32(1e-2) * params.grad)
            return params.data

        runs["mygrad"] = run_mygrad
    ag = optional("autograd")
    if ag:
        import autograd.numpy as anp

        def run_hips() -> Any:
            t_c, t_un = np.array(T_C, np.float32), np.float32(0.1) * np.array(T_U, np.float32)

            def loss(params: Any) -> Any:
                return anp.mean((params[0] * t_un + params[1] - t_c) ** 2)

            g = ag.grad(loss)
            params = np.array([1.0, 0.0], np.float32)
            for _ in range(epochs):
                params = params - np.float32(1e-2) * g(params)
            return params

        runs["hips"] = run_hips
    return runs


def bce(times: int) -> dict[str, Callable]:
    rng = np.random.RandomState(0)
    w0, b0 = rng.standard_normal((5, 3)).astype("f4"), rng.standard_normal(3).astype("f4")
    runs: dict[str, Callable] = {}

    def torch_like(torch: Any) -> Callable:
        x, y = torch.ones(5), torch.zeros(3)
        F = torch.nn.functional

        def run() -> Any:
            w = torch.tensor(w0).requires_grad_()
            b = torch.tensor(b0).requires_grad_()
            for _ in range(times):
                z = torch.matmul(x, w) + b
                loss = F.binary_cross_entropy_with_logits(z, y)
                w.grad = b.grad = None
                loss.backward()
            return w.grad.numpy()

        return run

    for name, torch in torches().items():
        runs[name] = torch_like(torch)
    mg = optional("mygrad")
    if mg:

        def run_mygrad() -> Any:
            x, y = np.ones(5, "f4"), np.zeros(3, "f4")
            for _ in range(times):
                w, b = mg.tensor(w0), mg.tensor(b0)
                z = mg.matmul(x, w) + b
                loss = (mg.maximum(z, 0) - z * y + mg.log1p(mg.exp(-mg.abs(z)))).mean()
                loss.backward()
            return w.grad

        runs["mygrad"] = run_mygrad
    ag = optional("autograd")
    if ag:
        import autograd.numpy as anp

        def run_hips() -> Any:
            x, y = np.ones(5, "f4"), np.zeros(3, "f4")

            def loss(p: Any) -> Any:
                z = anp.dot(x, p[0]) + p[1]
                return anp.mean(anp.maximum(z, 0) - z * y + anp.log1p(anp.exp(-anp.abs(z))))

            g = ag.grad(loss)
            for _ in range(times):
                out = g((w0, b0))
            return out[0]

        runs["hips"] = run_hips
    return runs


def chain(length: int) -> dict[str, Callable]:
    runs: dict[str, Callable] = {}

    def torch_like(torch: Any) -> Callable:
        def run() -> Any:
            x = torch.tensor(1.0, requires_grad=True)
            y = x
            for _ in range(length):
                y = y * 1.001
            y.backward()
            return np.array(x.grad.item(), "f4")

        return run

    for name, torch in torches().items():
        runs[name] = torch_like(torch)
    mg = optional("mygrad")
    if mg:

        def run_mygrad() -> Any:
            x = mg.tensor(np.float32(1.0))
            y = x
            for _ in range(length):
                y = y * 1.001
            y.backward()
            return x.grad

        sys.setrecursionlimit(100_000)
        runs["mygrad"] = run_mygrad
    ag = optional("autograd")
    if ag:

        def f(x: Any) -> Any:
            for _ in range(length):
                x = x * 1.001
            return x

        g = ag.grad(f)
        runs["hips"] = lambda: np.array(g(1.0), "f4")
    micro = optional("micrograd.engine")
    if micro:

        def run_micro() -> Any:
            x = micro.Value(1.0)
            y = x
            for _ in range(length):
                y = y * 1.001
            y.backward()
            return np.array(x.grad, "f4")

        runs["micrograd"] = run_micro
    return runs


def network(sizes: tuple[int, int, int], batch: int, times: int) -> dict[str, Callable]:
    rng = np.random.RandomState(0)
    n, h, k = sizes
    x0 = rng.standard_normal((batch, n)).astype("f4")
    y0 = rng.randint(0, k, batch)
    W1, b1 = (rng.standard_normal((h, n)) / n**0.5).astype("f4"), np.zeros(h, "f4")
    W2, b2 = (rng.standard_normal((k, h)) / h**0.5).astype("f4"), np.zeros(k, "f4")
    runs: dict[str, Callable] = {}

    def torch_like(torch: Any) -> Callable:
        F = torch.nn.functional
        x, y = torch.tensor(x0), torch.tensor(y0)
        ps = [torch.tensor(p).requires_grad_() for p in (W1, b1, W2, b2)]

        def run() -> Any:
            for _ in range(times):
                hidden = F.relu(F.linear(x, ps[0], ps[1]))
                loss = F.cross_entropy(F.linear(hidden, ps[2], ps[3]), y)
                for p in ps:
                    p.grad = None
                loss.backward()
            return ps[0].grad.numpy()

        return run

    def by_hand() -> Any:
        rows = np.arange(batch)
        for _ in range(times):
            a = x0 @ W1.T + b1
            hidden = np.maximum(a, 0)
            z = hidden @ W2.T + b2
            z -= z.max(1, keepdims=True)
            e = np.exp(z)
            s = e.sum(1, keepdims=True)
            (np.log(s)[:, 0] - z[rows, y0]).mean()
            dz = e / s
            dz[rows, y0] -= 1
            dz /= batch
            gW2, gb2 = dz.T @ hidden, dz.sum(0)
            dh = dz @ W2
            dh *= hidden > 0
            gW1, gb1 = dh.T @ x0, dh.sum(0)
        assert gW2 is not None and gb2 is not None and gb1 is not None
        return gW1

    for name, torch in torches().items():
        runs[name] = torch_like(torch)
    runs["numpy"] = by_hand
    mg = optional("mygrad")
    if mg:
        from mygrad.nnet.losses import softmax_crossentropy

        def run_mygrad() -> Any:
            for _ in range(times):
                ps = [mg.tensor(p) for p in (W1, b1, W2, b2)]
                hidden = mg.maximum(mg.matmul(x0, ps[0].T) + ps[1], 0)
                loss = softmax_crossentropy(mg.matmul(hidden, ps[2].T) + ps[3], y0)
                loss.backward()
            return ps[0].grad

        runs["mygrad"] = run_mygrad
    ag = optional("autograd")
    if ag:
        import autograd.numpy as anp

        rows = np.arange(batch)

        def loss(ps: Any) -> Any:
            hidden = anp.maximum(anp.dot(x0, ps[0].T) + ps[1], 0)
            z = anp.dot(hidden, ps[2].T) + ps[3]
            z = z - anp.max(z, axis=1, keepdims=True)
            return anp.mean(anp.log(anp.sum(anp.exp(z), axis=1)) - z[rows, y0])

        g = ag.grad(loss)

        def run_hips() -> Any:
            for _ in range(times):
                out = g((W1, b1, W2, b2))
            return out[0]

        runs["hips"] = run_hips
    return runs


def optional(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        return None


WORKLOADS: dict[str, tuple[Callable, tuple, int]] = {
    "thermometer": (thermometer, (1000,), 5),  # 1,000 of the 5,000 epochs per round
    "bce": (bce, (500,), 1),
    "chain": (chain, (1000,), 1),
    "net 64-64-10": (network, ((64, 64, 10), 32, 100), 1),
    "net 64-256-10": (network, ((64, 256, 10), 256, 20), 1),
    "net 784-256-10": (network, ((784, 256, 10), 1024, 3), 1),
}


def measure(name: str, rounds: int) -> dict[str, float]:
    make, args, _ = WORKLOADS[name]
    runs = make(*args)
    answers = {k: np.asarray(f()) for k, f in runs.items()}  # also warms up
    for k, a in answers.items():
        assert np.allclose(a, answers["engine"], rtol=2e-3, atol=1e-5), f"{name}: {k} differs"
    times: dict[str, list[float]] = {k: [] for k in runs}
    gc.collect()
    for _ in range(rounds):
        for k, f in runs.items():
            start = time.perf_counter()
            f()
            times[k].append(time.perf_counter() - start)
    return {k: statistics.median(t) for k, t in times.items()}


def memory(library: str) -> float:
    """Peak resident memory of the last network above that after the import, in megabytes."""
    code = f"""
import os; os.environ["OMP_NUM_THREADS"] = "1"
import sys
sys.path[:0] = {sys.path!r}
import numpy, {library} as torch
sys.argv = [""]
import importlib.util
spec = importlib.util.spec_from_file_location("bench", {__file__!r})
bench = importlib.util.module_from_spec(spec); spec.loader.exec_module(bench)
bench.optional = lambda name: None
bench.torches = lambda: {{"engine": torch}}
runs = bench.network((784, 256, 10), 1024, 20)
def status(name):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))
open("/proc/self/clear_refs", "w").write("5")  # forget the peak of the imports
base = status("VmRSS")
runs["engine"]()
print((status("VmHWM") - base) / 1024)
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(out.stdout.split()[-1])


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 9
    chosen = [a for a in sys.argv[1:] if not a.isdigit() and a != "--json"] or list(WORKLOADS)
    results = {}
    print(f"{'':16}{'engine':>10}  times as long as the engine takes")
    for name in chosen:
        t = measure(name, rounds)
        mine = t["engine"]
        results[name] = t
        others = "  ".join(f"{k} {v / mine:.2f}" for k, v in t.items() if k != "engine")
        goal = f"   (goal: torch {GOALS[name][0]}" + (
            f", numpy {1 / GOALS[name][1]:.2f})" if GOALS[name][1] else ")"
        )
        print(f"{name:16}{mine * 1e3:8.2f}ms  {others}{goal}", flush=True)
    if "torch" in results.get("net 784-256-10", {}):
        mine_mb, torch_mb = memory("autograd_lib"), memory("torch")
        print(f"memory of the last network: {mine_mb:.0f} MB, torch {torch_mb:.0f} MB, "
              f"ratio {mine_mb / torch_mb:.2f} (goal: at most 1.2)")  # fmt: skip
    if "--json" in sys.argv:
        print(json.dumps(results))
    print(f"numpy {np.__version__}, python {sys.version.split()[0]}, "
          f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")  # fmt: skip


if __name__ == "__main__":
    main()
