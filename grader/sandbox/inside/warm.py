"""A first conversation, before there is a room: code that has been run is faster, and stays so.

Python rewrites what it runs often, in place. Were that left to each room, each would write to
memory that it shares with all others until then, and so copy it first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import codec, room, shell
from .wire import Closed, dumps, loads

TIMES = 12
"""after some eight runs Python takes code for often used"""

_CELL = '''def warm_up(x, y):
    """Return something, as a student's function would."""
    total = 0.0
    for value in [1.0, 2.0]:
        total += value
    return x * total, [y]
'''


class _Script:
    """Stands in for a channel: what is asked is known beforehand, and nobody hears the answers."""

    def __init__(self, asked: Iterator[Any]) -> None:
        self._asked = asked
        self.answer: Any = None

    def receive(self) -> Any:
        """Return the next question, as it would arrive."""
        for message in self._asked:
            return loads(dumps(message))
        raise Closed("that was all")

    def send(self, message: Any) -> None:
        """Take an answer, as it would be sent."""
        self.answer = loads(dumps(message))


def practise(torch: Any) -> None:
    """Train a little, with what most notebooks use."""
    x, y = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 0.0])
    w, b = torch.tensor([1.0, 0.5], requires_grad=True), torch.zeros(1, requires_grad=True)
    losses = (
        lambda score: torch.nn.functional.binary_cross_entropy_with_logits(score, y),
        lambda score: ((score - y) ** 2).mean(),
        lambda score: (torch.sigmoid(score) * torch.exp(-score) / 2).sum() - torch.log(b.exp()),
        lambda score: (torch.tanh(score) * torch.relu(score) + score.pow(3)).mean(0),
    )
    for _ in range(TIMES):
        for loss in losses:
            value = loss(x @ w + b)
            value.backward()
            with torch.no_grad():
                w -= 0.1 * w.grad
            w.grad.zero_()
            b.grad = None
        repr(value), value.item(), w.detach().clone().tolist()


def converse(own_shell: shell.RoomShell, engine: Any) -> None:
    """Have a room define a function, and call it with numbers, arrays and tensors."""
    table = codec.Table(
        0, lambda number, record: None, room.present, lambda value: None, room.by_name, None
    )
    values: list[Any] = [np.ones((2, 3)), [1.0, {"key": (True, None)}]]
    if engine is not None:
        values.append(engine.ones(3, requires_grad=True))

    def questions() -> Iterator[Any]:
        for turn in range(TIMES):
            yield ["run", 2, *table.encode((_CELL,)), [turn, None], None]
            yield ["fetch", 2, *table.encode(("warm_up",)), [turn, None], None]
            function = script.answer[2]
            for trial, value in enumerate(values):
                coded, records = table.encode(("call", None, (value, "text"), ()))
                coded[2] = function
                yield ["op", 2, coded, records, [turn, trial], None]
                table.forget()
        # Outside of a trial, so that generators are put back.
        yield ["run", 2, *table.encode(("None",)), [TIMES, None], None]

    script = _Script(questions())
    with contextlib.suppress(Closed):
        room.Room(own_shell, script).serve()  # type: ignore[arg-type]
