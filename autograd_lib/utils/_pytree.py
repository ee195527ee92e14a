"""torch.utils._pytree: nests of lists, tuples and dictionaries, taken apart and put together."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from typing import Any


class TreeSpec:
    """The form of a nest without what is in it."""

    def __init__(self, kind: Any, context: Any, children: list):
        self.type, self.context, self.children_specs = kind, context, children

    @property
    def num_leaves(self) -> int:
        return 1 if self.type is None else sum(c.num_leaves for c in self.children_specs)

    def is_leaf(self) -> bool:
        return self.type is None

    def unflatten(self, leaves: Any) -> Any:
        """The nest of this form around `leaves`."""
        return tree_unflatten(leaves, self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TreeSpec) and (
            (self.type, self.context, self.children_specs)
            == (other.type, other.context, other.children_specs)
        )

    def __hash__(self) -> int:
        return hash((self.type, self.num_leaves))

    def __repr__(self) -> str:
        if self.type is None:
            return "*"
        inside = ", ".join(map(repr, self.children_specs))
        return f"TreeSpec({self.type.__name__}, {self.context}, [{inside}])"


def _apart(tree: Any) -> tuple[Any, Any, list] | None:
    kind = type(tree)
    if kind in (dict, OrderedDict):
        return kind, list(tree), list(tree.values())
    if kind is defaultdict:
        return kind, [tree.default_factory, list(tree)], list(tree.values())
    if kind in (list, tuple):
        return kind, None, list(tree)
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return kind, kind, list(tree)
    return None


def _together(kind: Any, context: Any, children: list) -> Any:
    if kind in (dict, OrderedDict):
        return kind(zip(context, children, strict=True))
    if kind is defaultdict:
        return defaultdict(context[0], zip(context[1], children, strict=True))
    return kind(children) if context is None else kind(*children)


def tree_flatten(tree: Any, is_leaf: Any = None) -> tuple[list, TreeSpec]:
    """The leaves of a nest in order, and its form."""
    found = None if is_leaf is not None and is_leaf(tree) else _apart(tree)
    if found is None:
        return [tree], TreeSpec(None, None, [])
    kind, context, children = found
    leaves: list = []
    specs = []
    for child in children:
        more, spec = tree_flatten(child, is_leaf)
        leaves += more
        specs.append(spec)
    return leaves, TreeSpec(kind, context, specs)


def tree_unflatten(leaves: Any, treespec: TreeSpec) -> Any:
    """The nest of this form around `leaves`."""
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(
            f"tree_unflatten(leaves, treespec): `leaves` has length {len(leaves)} but the spec "
            f"refers to a pytree that holds {treespec.num_leaves} items ({treespec})."
        )
    return _filled(treespec, iter(leaves))


def _filled(spec: TreeSpec, leaves: Iterator) -> Any:
    if spec.type is None:
        return next(leaves)
    return _together(spec.type, spec.context, [_filled(c, leaves) for c in spec.children_specs])


def tree_leaves(tree: Any, is_leaf: Any = None) -> list:
    """The leaves of a nest in order."""
    return tree_flatten(tree, is_leaf)[0]


def tree_structure(tree: Any, is_leaf: Any = None) -> TreeSpec:
    """The form of a nest."""
    return tree_flatten(tree, is_leaf)[1]


def tree_map(func: Callable, tree: Any, *rests: Any, is_leaf: Any = None) -> Any:
    """The same nest around what `func` makes of each leaf."""
    leaves, spec = tree_flatten(tree, is_leaf)
    others = [tree_leaves(r, is_leaf) for r in rests]
    return tree_unflatten([func(*xs) for xs in zip(leaves, *others, strict=True)], spec)


def tree_map_(func: Callable, tree: Any, *rests: Any, is_leaf: Any = None) -> Any:
    """Call `func` on each leaf; returns the nest as it is."""
    tree_map(func, tree, *rests, is_leaf=is_leaf)
    return tree


def tree_map_only(kind: Any, func: Callable, tree: Any, is_leaf: Any = None) -> Any:
    """`tree_map` on leaves of one kind; the others stay."""
    return tree_map(lambda x: func(x) if isinstance(x, kind) else x, tree, is_leaf=is_leaf)


def tree_any(pred: Callable, tree: Any, is_leaf: Any = None) -> bool:
    """Whether this holds of any leaf."""
    return any(map(pred, tree_leaves(tree, is_leaf)))


def tree_all(pred: Callable, tree: Any, is_leaf: Any = None) -> bool:
    """Whether this holds of all leaves."""
    return all(map(pred, tree_leaves(tree, is_leaf)))
