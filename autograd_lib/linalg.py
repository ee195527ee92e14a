"""torch.linalg: linear algebra. (The operations stand in `derivatives.linalg`.)"""

from .derivatives.linalg import NAMESPACE

globals().update(NAMESPACE)
__all__ = list(NAMESPACE)
