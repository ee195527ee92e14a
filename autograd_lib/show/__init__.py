"""Pictures and explanations of graphs: draw, steps, explain. None of them changes anything."""

from .draw import Picture, draw
from .explain import explain
from .steps import Steps, steps

__all__ = ["Picture", "Steps", "draw", "explain", "steps"]
