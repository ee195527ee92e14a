"""torch.linalg: linear algebra. (The operations stand in `derivatives_linalg`.)"""

from .derivatives_linalg import NAMESPACE

globals().update(NAMESPACE)
__all__ = list(NAMESPACE)
