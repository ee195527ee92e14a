"""torch.nn: modules, parameters, functional, init."""

from . import blocks, derivatives, functional, init, modules, utils
from .blocks import *  # noqa: F403
from .modules import *  # noqa: F403
from .modules import Module
from .parameter import Parameter

__all__ = ["Module", "Parameter", "blocks", "derivatives", "functional", "init", "modules", "utils"]
