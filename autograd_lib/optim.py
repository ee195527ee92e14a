"""torch.optim: stochastic gradient descent with momentum, and Adam."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np

from .grad_mode import enable_grad, no_grad
from .tensor import Tensor


class Optimizer:
    """What optimizers share: groups of parameters with their settings, and a state for each."""

    def __init__(self, params: Any, defaults: dict[str, Any]):
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or "
                f"dicts, but got {'torch.FloatTensor'}"
            )
        self.defaults = defaults
        self.state: Any = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, group: dict[str, Any]) -> None:
        """Add parameters with settings of their own."""
        params = group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(
                    "optimizer can only optimize Tensors, but one of the params is "
                    f"{type(p).__name__}"
                )
            if not p.is_leaf:
                raise ValueError("can't optimize a non-leaf Tensor")
        self.param_groups.append({"params": params, **self.defaults, **{
            k: v for k, v in group.items() if k != "params"}})  # fmt: skip

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients (or set them to zero)."""
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is not None:
                    if set_to_none:
                        p._grad = None
                    else:
                        p._grad.detach_()
                        p._grad.zero_()

    def step(self, closure: Any = None) -> Any:
        """Change every parameter that has a gradient; `closure` may recompute the loss first."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad(), np.errstate(all="ignore"):
            for group in self.param_groups:
                for p in group["params"]:
                    if p._grad is not None:
                        self.update(p, p._grad._a, group)
                        p._counter[0] += 1
        return loss

    def update(self, p: Tensor, g: np.ndarray, group: dict[str, Any]) -> None:
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """Settings and state, with parameters numbered."""
        number, groups, i = {}, [], 0
        for group in self.param_groups:
            ids = []
            for p in group["params"]:
                number[id(p)] = i
                ids.append(i)
                i += 1
            groups.append({**{k: v for k, v in group.items() if k != "params"}, "params": ids})
        state = {number[id(p)]: s for p, s in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Take over settings and state from `state_dict()`."""
        params = [p for group in self.param_groups for p in group["params"]]
        for group, given in zip(self.param_groups, saved["param_groups"], strict=True):
            group.update({k: v for k, v in given.items() if k != "params"})
        for i, s in saved["state"].items():
            self.state[params[i]] = dict(s)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {k}: {group[k]}" for k in sorted(group) if k != "params"]
        return "\n".join([*lines, ")"])


def _not_negative(**values: Any) -> None:
    for name, value in values.items():
        if not value >= 0.0:
            what = "learning rate" if name == "learning_rate" else f"{name} value"
            raise ValueError(f"Invalid {what}: {value}")


class SGD(Optimizer):
    """Gradient descent: p -= lr * g; with momentum, g is a running sum of gradients."""

    def __init__(
        self, params: Any, lr: Any = 1e-3, momentum: float = 0, dampening: float = 0,
        weight_decay: float = 0, nesterov: bool = False, *, maximize: bool = False,
        foreach: Any = None, differentiable: bool = False, fused: Any = None,
    ):  # fmt: skip
        _not_negative(learning_rate=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize, "foreach": foreach,
            "differentiable": differentiable, "fused": fused,
        })  # fmt: skip

    def update(self, p: Tensor, g: np.ndarray, group: dict[str, Any]) -> None:
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p._a
        m = group["momentum"]
        if m:
            state = self.state[p]
            v = state.get("momentum_buffer")
            if v is None:
                v = g.copy()
            else:
                v *= m
                v += (1 - group["dampening"]) * g
            state["momentum_buffer"] = v
            g = g + m * v if group["nesterov"] else v
        p._a -= group["lr"] * g


class Adam(Optimizer):
    """Steps scaled by running means of gradients and of their squares (Kingma and Ba 2015)."""

    decoupled = False

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0, amsgrad: bool = False, *, foreach: Any = None,
        maximize: bool = False, capturable: bool = False, differentiable: bool = False,
        fused: Any = None,
    ):  # fmt: skip
        _not_negative(learning_rate=lr, eps=eps, weight_decay=weight_decay)
        for i, b in enumerate(betas):
            if not 0.0 <= b < 1.0:
                raise ValueError(f"Invalid beta parameter at index {i}: {b}")
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "amsgrad": amsgrad, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable, "fused": fused,
            "decoupled_weight_decay": self.decoupled,
        })  # fmt: skip

    def update(self, p: Tensor, g: np.ndarray, group: dict[str, Any]) -> None:
        if group["maximize"]:
            g = -g
        decay = group["weight_decay"]
        if decay and self.decoupled:
            p._a *= 1 - group["lr"] * decay
        elif decay:
            g = g + decay * p._a
        s = self.state[p]
        if not s:
            s["step"], s["exp_avg"], s["exp_avg_sq"] = 0, np.zeros_like(g), np.zeros_like(g)
            if group["amsgrad"]:
                s["max_exp_avg_sq"] = np.zeros_like(g)
        b1, b2 = group["betas"]
        s["step"] += 1
        m, v = s["exp_avg"], s["exp_avg_sq"]
        m += (1 - b1) * (g - m)
        v *= b2
        v += (1 - b2) * (g * g)
        if group["amsgrad"]:
            np.maximum(s["max_exp_avg_sq"], v, out=s["max_exp_avg_sq"])
            v = s["max_exp_avg_sq"]
        # Early means are too small, since they started at zero; the divisions make up for that.
        size = group["lr"] / (1 - b1 ** s["step"])
        root = np.sqrt(v) / math.sqrt(1 - b2 ** s["step"]) + group["eps"]
        p._a -= size * (m / root)


class AdamW(Adam):
    """Adam with weight decay applied to the parameters themselves (Loshchilov and Hutter 2019)."""

    decoupled = True

    def __init__(self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 1e-2, **options: Any):  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, **options)
