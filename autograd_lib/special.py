"""torch.special: special functions. (The operations stand in `derivatives.special`.)"""

from .derivatives.special import namespace

globals().update(namespace())
