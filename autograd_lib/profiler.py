"""torch.profiler: the contexts of torch.autograd.profiler."""

from .autograd.profiler import profile, record_function

__all__ = ["profile", "record_function"]
