"""torch.autograd.anomaly_mode: find the line of the forward pass behind a bad gradient."""

from __future__ import annotations

import warnings
from typing import Any

from .. import errors
from ..grad_mode import mode, set_anomaly


class set_detect_anomaly:
    """Switch anomaly mode: at once, and back at the end of a `with`.

    While it is on, each node remembers where it was made; a NaN in a gradient, or an error, names
    that place.
    """

    __module__ = "torch.autograd.anomaly_mode"

    def __init__(self, mode_: bool, check_nan: bool = True):
        errors.must_be_bool("set_anomaly_enabled", "enabled", mode_)
        self.before = (mode.anomaly, mode.check_nan)
        set_anomaly(mode_, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        set_anomaly(*self.before)


class detect_anomaly(set_detect_anomaly):
    """Anomaly mode within a `with`."""

    def __init__(self, check_nan: bool = True):
        super().__init__(True, check_nan)
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.",
            UserWarning,
            stacklevel=2,
        )


def set_anomaly_enabled(mode_: bool, check_nan: bool = True) -> None:
    """Switch anomaly mode, for good."""
    set_detect_anomaly(mode_, check_nan)


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on."""
    return mode.anomaly


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly mode looks for NaN."""
    return mode.check_nan
