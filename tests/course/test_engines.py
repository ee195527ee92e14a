"""The engines of lessons 11 to 13, as solved, find the gradients that the reference engine finds.

Beyond what a check draws: many random graphs, the generators being those of the keys.
"""

import numpy as np
import pytest

from course.key import stream
from course.trial import attempt

from . import lessons

ENGINES = [
    ("11_an_engine_for_numbers", "Value", 200),
    ("12_an_engine_for_arrays_1", "Tensor", 100),
    ("13_an_engine_for_arrays_2", "Tensor", 100),
]


@pytest.mark.parametrize("name, engine, graphs", ENGINES)
def test_an_engine_agrees_with_the_reference_on_random_graphs(name, engine, graphs):
    exercise = lessons.key(name)[engine]
    solved = lessons.solved(name)
    draw = next(case.draw for case in exercise.cases if case.check == f"{engine}-random")
    own = {word: solved[word] for word in (engine, *exercise.also)}
    used = set()
    for n in range(graphs):
        case = draw(stream("graphs", name, n))
        used |= {
            sign for sign in ("@", "**", "/", ".exp", ".max", ".sum", "[") if sign in case["text"]
        }
        mine = attempt(case, own, exercise.sees)
        reference = attempt(case, own | {engine: exercise.answer}, exercise.sees)
        assert mine.raised is None and reference.raised is None, case["text"]
        for path in exercise.sees:
            one, other = (trial.seen[path] for trial in (mine, reference))
            numbers = [x.get("values", x.get("value")) for x in (one, other)]
            if other["type"] in ("array", "float", "float64"):
                np.testing.assert_allclose(*map(np.ravel, numbers), rtol=1e-7, atol=1e-9)
            else:
                assert one == other, (path, case["text"])
    assert len(used) >= 3


@pytest.mark.parametrize("name, engine, graphs", ENGINES)
def test_an_engine_takes_a_chain_of_fifty_thousand(name, engine, graphs):
    a = lessons.solved(name)[engine](1.5, *([True] if engine == "Tensor" else []))
    out = a
    for _ in range(50_000):
        out = out + 0.001
    out.backward()
    assert float(a.grad) == 1
