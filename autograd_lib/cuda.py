"""torch.cuda: there is none here, and this is where programs ask."""

from __future__ import annotations

from typing import Any


def is_available() -> bool:
    """Never."""
    return False


def is_initialized() -> bool:
    """Never."""
    return False


def device_count() -> int:
    """None."""
    return 0


def manual_seed(seed: int) -> None:
    """Without devices there is nothing to seed, as in torch."""


manual_seed_all = manual_seed


def _refuse(*args: Any, **kwargs: Any) -> Any:
    raise AssertionError("Torch not compiled with CUDA enabled")


current_device = get_device_name = set_device = synchronize = _refuse
