"""torch.special: special functions. (The operations stand in `derivatives_special`.)"""

from .derivatives_special import namespace

globals().update(namespace())
