"""Engines for arrays that the keys of lessons 12 and 13 compare answers with.

`ReferenceTensor` is the reference engine in the clothes of the lessons' Tensor. `Tensor` is an
engine of its own, cut into parts that known-wrong answers change one at a time.
"""

import numpy as np

import autograd_lib as torch


def as_in_the_text(grad, shape):
    """Undo broadcasting in two steps: axes in front, then sizes of 1."""
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    for axis, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad


class Recorder:
    """The switch that the answers below bring along."""

    def __init__(self):
        self.on = True


class ReferenceTensor:
    """The reference engine in the clothes of the lesson's Tensor.

    What is shown as `data` is a copy. Setting it makes a new leaf for what comes after, and the
    gradients of all leaves are one.
    """

    recorder = Recorder()

    def __init__(self, data, requires_grad=False):
        made = isinstance(data, torch.Tensor)
        self.shown = data.detach().numpy().copy() if made else np.array(data, dtype=float)
        self.leaves = []
        self.tensor = data if made else self.leaf(requires_grad)

    def leaf(self, requires_grad):
        self.leaves.append(torch.tensor(self.shown, requires_grad=requires_grad))
        return self.leaves[-1]

    @property
    def data(self):
        return self.shown

    @data.setter
    def data(self, values):
        self.shown = np.array(values, dtype=float)
        self.tensor = self.leaf(self.tensor.requires_grad)

    @property
    def requires_grad(self):
        return self.tensor.requires_grad

    @property
    def grad(self):
        grads = [leaf.grad.numpy() for leaf in self.leaves if leaf.grad is not None]
        return sum(grads) if grads else None

    def backward(self, gradient=None):
        gradient = np.ones(self.shown.shape) if gradient is None else gradient
        self.tensor.backward(torch.tensor(gradient), retain_graph=True)

    def sum(self, axis=None, keepdims=False):
        return self.reduced("sum", axis, keepdims)

    def mean(self, axis=None, keepdims=False):
        return self.reduced("mean", axis, keepdims)

    def reduced(self, name, axis, keepdims):
        arguments = () if axis is None else (axis, keepdims)
        return self.apply(name, *arguments)

    def apply(self, name, *arguments):
        with torch.set_grad_enabled(self.recorder.on):
            return type(self)(getattr(self.tensor, name)(*map(self.given, arguments)))

    @staticmethod
    def given(value):
        if isinstance(value, ReferenceTensor):
            return value.tensor
        return torch.tensor(value) if isinstance(value, np.ndarray) else value


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "pow", "neg"):

    def _method(self, *others, name=f"__{_name}__"):
        return self.apply(name, *others)

    setattr(ReferenceTensor, f"__{_name}__", _method)


def ordered(last):
    """All that `last` was made from, each before its inputs."""
    uses, todo = {last: 0}, [last]
    while todo:
        for source, _ in todo.pop().past:
            if source not in uses:
                uses[source] = 0
                todo.append(source)
            uses[source] += 1
    order, ready = [], [last]
    while ready:
        tensor = ready.pop()
        order.append(tensor)
        for source, _ in tensor.past:
            uses[source] -= 1
            if not uses[source]:
                ready.append(source)
    return order


class Tensor:
    """The base of the answers below: parts that can be changed one at a time."""

    recorder = Recorder()

    def __init__(self, data, requires_grad=False):
        self.data = np.array(data, dtype=float)
        self.requires_grad = requires_grad
        self.grad = None
        self.past = []

    def tensor(self, value):
        return value if isinstance(value, Tensor) else type(self)(value)

    def tracks(self, source):
        return source.requires_grad and self.recorder.on

    def made(self, data, *past):
        """A result, with pairs of a source and a rule."""
        out = type(self)(data)
        out.past = [(source, rule) for source, rule in past if self.tracks(source)]
        out.requires_grad = bool(out.past)
        return out

    def keep(self):
        """The numbers of the forward pass, for the rules: a function that returns them."""
        kept = self.data.copy()
        return lambda: kept

    def __add__(self, other):
        other = self.tensor(other)
        return self.made(self.data + other.data, (self, lambda g: g), (other, lambda g: g))

    def __sub__(self, other):
        other = self.tensor(other)
        return self.made(self.data - other.data, (self, lambda g: g), (other, lambda g: -g))

    def __mul__(self, other):
        other = self.tensor(other)
        a, b = self.keep(), other.keep()
        rules = (self, lambda g: g * b()), (other, lambda g: g * a())
        return self.made(self.data * other.data, *rules)

    def __truediv__(self, other):
        other = self.tensor(other)
        a, b = self.keep(), other.keep()
        rules = (self, lambda g: g / b()), (other, lambda g: self.divisor(g, a(), b()))
        return self.made(self.data / other.data, *rules)

    def divisor(self, g, a, b):
        return -g * a / b**2

    def __pow__(self, n):
        a = self.keep()
        return self.made(self.data**n, (self, lambda g: self.power(g, a(), n)))

    def power(self, g, a, n):
        return g * n * a ** (n - 1)

    def sum(self, axis=None, keepdims=False):
        shape = self.data.shape
        total = self.data.sum(axis=axis, keepdims=keepdims)
        return self.made(total, (self, lambda g: self.stretched(g, shape, axis, keepdims)))

    def stretched(self, g, shape, axis, keepdims):
        if axis is not None and not keepdims:
            g = np.expand_dims(g, axis)
        return np.broadcast_to(g, shape)

    def mean(self, axis=None, keepdims=False):
        total = self.sum(axis, keepdims)
        return total * (total.data.size / self.data.size)

    def fitted(self, g, source):
        return as_in_the_text(g, source.data.shape)

    def collect(self, g):
        self.grad = g.copy() if self.grad is None else self.grad + g

    def add(self, grads, source, part):
        grads[source] = grads[source] + part if source in grads else part

    def start(self, gradient):
        return np.ones(self.data.shape) if gradient is None else np.array(gradient, dtype=float)

    def backward(self, gradient=None):
        grads = {self: self.start(gradient)}
        for tensor in ordered(self):
            g = grads[tensor]
            if not tensor.past and tensor.requires_grad:
                tensor.collect(g)
            for source, rule in tensor.past:
                self.add(grads, source, self.fitted(rule(g), source))

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __neg__(self):
        return self * -1.0

    def __rsub__(self, other):
        return self.tensor(other) - self

    def __rtruediv__(self, other):
        return self.tensor(other) / self
