"""torch.backends: libraries for devices that are not here."""

from __future__ import annotations


class _Absent:
    enabled = False

    @staticmethod
    def is_available() -> bool:
        """Never."""
        return False

    @staticmethod
    def is_built() -> bool:
        """Never."""
        return False


cuda = cudnn = mkldnn = mkl = mps = openmp = _Absent()
