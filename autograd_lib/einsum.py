"""torch.einsum: sums of products, named by letters."""

from __future__ import annotations

from typing import Any

from .functions import permute, reshape
from .functions import sum as _sum
from .recorder import WORDS as W
from .recorder import public
from .tensor import Tensor


def _parse(equation: str, operands: list) -> tuple[list[str], str]:
    """The letters of each operand and of the result, with dots replaced by capital marks."""
    equation = equation.replace(" ", "")
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise RuntimeError(
            "einsum(): "
            + ("more operands were provided than specified in the equation"
               if len(terms) < len(operands)
               else "fewer operands were provided than specified in the equation")
        )  # fmt: skip
    # Dimensions under "..." get marks of their own, counted from the right.
    marks = 0
    full: list[str] = []
    for term, t in zip(terms, operands, strict=True):
        if "..." in term:
            n = t.ndim - len(term.replace("...", ""))
            marks = max(marks, n)
            term = term.replace("...", "".join(chr(0x3B1 + i) for i in range(n))[::-1])
        if len(term) != t.ndim:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(term)}) does not match "
                f"the number of dimensions ({t.ndim}) for operand {len(full)} and no ellipsis was "
                "given"
            )
        full.append(term)
    dots = "".join(chr(0x3B1 + i) for i in range(marks))[::-1]
    if arrow:
        out = right.replace("...", dots)
    else:
        joined = "".join(full)
        letters = sorted({c for c in joined if joined.count(c) == 1 and c < "\u03b1"})
        out = dots + "".join(letters)
    return full, out


def _diagonals(t: Tensor, term: str) -> tuple[Tensor, str]:
    """Repeated letters within one operand mean a diagonal."""
    i = 0
    while i < len(term):
        j = term.find(term[i], i + 1)
        if j < 0:
            i += 1
            continue
        t = W["diagonal"](t, 0, i, j)
        term = term[:i] + term[i + 1 : j] + term[j + 1 :] + term[i]
    return t, term


@public(method=False)
def einsum(*args: Any) -> Tensor:
    """The sum of products of elements with equal letters, such as "ij,jk->ik"."""
    equation, *operands = args
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = list(operands[0])
    if not isinstance(equation, str):
        equation, operands = _from_lists(args)
    terms, out = _parse(equation, operands)
    letters = out + "".join(sorted(set("".join(terms)) - set(out)))
    parts = []
    for t, term in zip(operands, terms, strict=True):
        t, term = _diagonals(t, term)
        for c in letters:
            if c not in term:
                t, term = W["unsqueeze"](t, t.ndim), term + c
        parts.append(permute(t, *[term.index(c) for c in letters]) if letters else t)
    result, n = parts[0], len(out)
    for k, t in enumerate(parts[1:], 1):
        # A letter is summed as soon as no later operand has it.
        later = set("".join(terms[k + 1 :]))
        over = [i for i, c in enumerate(letters) if i >= n and c not in later]
        result = _pair(result, t, over)
    rest = [i for i in range(n, len(letters)) if result._a.shape[i] != 1 or len(parts) == 1]
    if rest:
        result = _sum(result, rest, True)
    return reshape(result, tuple(result._a.shape[:n])) if len(letters) > n else result


def _pair(a: Tensor, b: Tensor, over: list[int]) -> Tensor:
    """a * b summed over these dimensions, as a batched matrix product; sizes of 1 broadcast."""
    sa, sb = a._a.shape, b._a.shape
    summed = [d for d in over if sa[d] != 1 and sb[d] != 1]
    single_a = [d for d in over if sa[d] != 1 and sb[d] == 1]
    single_b = [d for d in over if sb[d] != 1 and sa[d] == 1]
    if single_a:
        a = _sum(a, single_a, True)
    if single_b:
        b = _sum(b, single_b, True)
    sa, sb = a._a.shape, b._a.shape
    every = range(a.ndim)
    both = [d for d in every if d not in summed and sa[d] != 1 and sb[d] != 1]
    only_a = [d for d in every if d not in summed and d not in both and sb[d] == 1]
    only_b = [d for d in every if d not in summed and d not in both and d not in only_a]

    def size(shape: tuple, dims: list[int]) -> int:
        n = 1
        for d in dims:
            n *= shape[d]
        return n

    left = reshape(permute(a, *both, *only_a, *summed, *only_b),
                   (size(sa, both), size(sa, only_a), size(sa, summed)))  # fmt: skip
    right = reshape(permute(b, *both, *summed, *only_b, *only_a),
                    (size(sb, both), size(sb, summed), size(sb, only_b)))  # fmt: skip
    product = W["bmm"](left, right)
    order = [*both, *only_a, *only_b, *summed]
    shape = [sa[d] for d in both] + [sa[d] for d in only_a] + [sb[d] for d in only_b]
    product = reshape(product, (*shape, *(1 for _ in summed)))
    return permute(product, *[order.index(d) for d in every])


def _from_lists(args: Any) -> tuple[str, list]:
    """The form einsum(a, [0, 1], b, [1, 2], [0, 2])."""
    operands, terms = [], []
    i = 0

    def letters(indices: Any) -> str:
        return "".join("..." if x is ... else chr(97 + x) for x in indices)

    while i + 1 < len(args):
        operands.append(args[i])
        terms.append(letters(args[i + 1]))
        i += 2
    equation = ",".join(terms)
    return (equation + "->" + letters(args[i]) if i < len(args) else equation), operands
