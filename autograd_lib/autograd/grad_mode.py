"""torch.autograd.grad_mode: switching recording on and off."""

from __future__ import annotations

from typing import Any

from ..grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled


class set_multithreading_enabled:
    """Here for compatibility: this engine always walks on the thread that called it."""

    def __init__(self, mode: bool):
        self.mode = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        pass


__all__ = [
    "enable_grad", "inference_mode", "no_grad", "set_grad_enabled", "set_multithreading_enabled",
]  # fmt: skip
