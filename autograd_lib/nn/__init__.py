"""torch.nn: modules, parameters, functional, init."""

from . import derivatives, functional, init, modules, utils
from .modules import *  # noqa: F403
from .modules import Module
from .parameter import Parameter

__all__ = ["Module", "Parameter", "derivatives", "functional", "init", "modules", "utils"]
