"""A sample class made from a lesson's answer key: a submission of each kind that teachers meet."""

from .make import make_class

__all__ = ["make_class"]
