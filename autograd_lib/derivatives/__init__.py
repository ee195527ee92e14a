"""The table: each operation once, its forward beside its derivative.

Read an entry so::

    @op(self=lambda grad, other: grad * other,
        other=lambda grad, self: grad * self)
    def mul(self: Array, other: Number):
        return self * other

The function is the forward on arrays. Each keyword is the derivative with respect to that argument:
it takes the gradient of the result and whatever else it names, which is thereby saved in the
forward pass: arguments, ``result``, or ``<argument>_sym_sizes`` (its shape). Nodes, their names and
their ``_saved_*`` attributes follow from the entry; see `recorder`.

Formulas use only operators and words: functions defined in this table. That is what lets them run
on arrays and, when the derivative is to be differentiated again, on tensors. They need not care
about broadcasting: the engine sums a gradient to the shape that it belongs to.
"""

# ruff: noqa: F403 - formulas find their words by name, whatever part of the table they stand in
from .arithmetic import *
from .comparing import *
from .complexes import *
from .matrices import *
from .positions import *
from .reductions import *
from .shapes import *
