"""Data that lessons use, as small files beside this one; README.md names their sources."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return 1,797 handwritten digits: pixels, shape (1797, 64), and labels, shape (1797,).

    A digit is 8 rows of 8 pixels, one row after the other; 0.0 is paper, 1.0 is ink. A label is an
    int from 0 to 9.
    """
    with np.load(Path(__file__).with_name("digits.npz"), allow_pickle=False) as file:
        return file["pixels"] / 16.0, file["labels"].astype(np.int64)
