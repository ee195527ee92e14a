"""torch.autograd.forward_ad: the names of forward mode, which this engine does not have.

It goes backward only; `torch.func.jvp` and `torch.autograd.functional.jvp` give the same products
by going backward twice.
"""

from __future__ import annotations

from typing import Any

from ..errors import hint


def _missing(name: str) -> Exception:
    return hint(
        NotImplementedError(f"torch.autograd.forward_ad.{name} is not implemented"),
        "torch.func.jvp gives the same product by going backward twice.",
    )


class dual_level:
    """Where dual numbers would live."""

    def __enter__(self) -> None:
        raise _missing("dual_level")

    def __exit__(self, *error: Any) -> None:
        pass


def enter_dual_level() -> int:
    """Would begin a level of dual numbers."""
    raise _missing("enter_dual_level")


def exit_dual_level(*, level: int | None = None) -> None:
    """Would end a level of dual numbers."""
    raise _missing("exit_dual_level")


def make_dual(tensor: Any, tangent: Any, *, level: int | None = None) -> Any:
    """Would join a tensor and its tangent."""
    raise _missing("make_dual")


def unpack_dual(tensor: Any, *, level: int | None = None) -> Any:
    """Would part them."""
    raise _missing("unpack_dual")
