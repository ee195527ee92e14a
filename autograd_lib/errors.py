"""Error messages: torch's text first, word for word, then a note that says what to do about it.

The text is what a student will meet in real work, so it is torch's own. The hint is attached with
``add_note``, so that ``str(error)`` stays torch's and the traceback shows both.
"""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from .dtypes import FROM_NUMPY

E = TypeVar("E", bound=BaseException)

said: set[str] = set()
"""the warnings that torch gives once per process, and that were given"""


always = False
"""whether they are given every time all the same"""


def set_warn_always(b: bool) -> None:
    """Whether to give every time what torch warns of once per process."""
    global always
    always = bool(b)


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` was told last."""
    return always


def warn_once(text: str) -> None:
    """Warn where the caller of the caller's caller stands, the first time in this process."""
    if text not in said or always:
        said.add(text)
        warnings.warn(text, UserWarning, stacklevel=4)


def hint(error: E, note: str) -> E:
    """The same error, with a note behind it."""
    error.add_note(f"Hint: {note}")
    return error


def broadcast_error(a: tuple, b: tuple) -> RuntimeError | None:
    """The error for two shapes that do not broadcast; None if they do."""
    for i in range(1, min(len(a), len(b)) + 1):
        if a[-i] != b[-i] and 1 not in (a[-i], b[-i]):
            return hint(
                RuntimeError(
                    f"The size of tensor a ({a[-i]}) must match the size of tensor b ({b[-i]}) at "
                    f"non-singleton dimension {max(len(a), len(b)) - i}"
                ),
                f"the shapes are {list(a)} and {list(b)}; counted from the right, sizes must be "
                "equal, or one of them 1.",
            )
    return None


FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after "
    "they have already been freed). Saved intermediate values of the graph are freed when you "
    "call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward "
    "through the graph a second time or if you need to access saved tensors after calling "
    "backward."
)

NON_LEAF_GRAD = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad "
    "attribute won't be populated during autograd.backward(). If you indeed want the .grad field "
    "to be populated for a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. If you "
    "access the non-leaf Tensor by mistake, make sure you access the leaf Tensor instead. See "
    "github.com/pytorch/pytorch/pull/30531 for more information. (Triggered internally at "
    "/__w/pytorch/pytorch/build/aten/src/ATen/core/TensorBody.h:493.)"
)

CREATE_GRAPH = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter "
    "and its gradient which can cause a memory leak. We recommend using autograd.grad when "
    "creating the graph to avoid this. If you have to use this function, make sure to reset the "
    ".grad fields of your parameters to None after use to break the cycle and avoid the leak. "
    "(Triggered internally at /__w/pytorch/pytorch/torch/csrc/autograd/engine.cpp:1307.)"
)

TO_SCALAR = (
    "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
    "Consider using tensor.detach() first. (Triggered internally at "
    "/__w/pytorch/pytorch/torch/csrc/autograd/generated/python_variable_methods.cpp:822.)"
)

VAR_DEGREES = (
    "{}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction "
    "factor (input numel divided by output numel). (Triggered internally at "
    "/__w/pytorch/pytorch/aten/src/ATen/native/ReduceOps.cpp:1861.)"
)

DETACH_VIEW = (
    "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel "
    "(DDP) for training, and gradient_as_bucket_view is set as True, gradients are views of DDP "
    "buckets, and hence detach_() cannot be called on these gradients. To fix this error, please "
    "refer to the Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."
)

NO_GRAD_VIEW = (
    "A view was created in no_grad mode and is being modified inplace with grad mode enabled. "
    "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your "
    "code by moving both the view and the inplace either both inside the no_grad block (if you "
    "don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked)."
)

NO_GRAD_VIEW_IS = NO_GRAD_VIEW.partition(" Given")[0]
VIEW_IS = "Output {} of {} is a view and is being modified inplace."

MULTI_VIEW = (
    " This view is the output of a function that returns multiple views. Such functions do not "
    "allow the output views to be modified inplace. You should replace the inplace operation by an "
    "out-of-place one."
)

VIEW_CHANGED = (
    "Output {} of {} is a view and its base or another view of its base has been modified inplace."
)

NO_GRAD_VIEW_CHANGED = NO_GRAD_VIEW.replace(
    "is being modified", "its base or another view of its base has been modified"
)

INFERENCE_VIEW = (
    "A view was created in inference mode and is being modified inplace in normal mode. Given that "
    "this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by "
    "moving both the view and the inplace either both inside the inference_mode block (if you "
    "don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked)."
)

INFERENCE_BASE = INFERENCE_VIEW.replace(
    "is being modified", "its base or another view of its base has been modified"
)

CUSTOM_VIEW = (
    " This view was created inside a custom Function (or because an input was returned as-is) and "
    "the autograd logic to handle view+inplace would override the custom backward associated with "
    "the custom Function, leading to incorrect gradients. This behavior is forbidden. You can fix "
    "this by cloning the output of the custom Function."
)

DECORATED_CLASS = (
    "Decorating classes is deprecated and will be disabled in future versions. You should only "
    "decorate functions or methods. To preserve the current behavior of class decoration, you can "
    "directly decorate the `__init__` method and nothing else."
)

NOT_RETURNED = (
    "Some elements marked as dirty during the forward method were not returned as output. The "
    "inputs that are modified inplace must all be outputs of the Function."
)

UNPACK_TYPE = "Output of saved tensor unpack_hook expected to be a Tensor but got result of type {}"

MARK_DIRTY = "mark_dirty can only accept variables, but argument "
MARK_CONSTANT = "mark_non_differentiable only accepts variable arguments, but got "

COMPLEX_GRAD = (
    "Expected isFloatingType(grad.scalar_type()) || (input_is_complex == grad_is_complex) to be "
    "true, but got false.  (Could this error message be improved?  If so, please report an "
    "enhancement request to PyTorch.)"
)

HOOKS_SET = (
    "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only one "
    "pair of hooks is allowed at a time."
)

HOOKS_NONE = "Calling register_hooks on a saved tensor with value None is forbidden"

HOOKS_FREED = (
    "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values "
    "of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to "
    "access saved variables after calling backward."
)

REENTRANT = (
    "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an "
    "`inputs` parameter to .backward(). To resolve this error, you can either set "
    "use_reentrant=False, or call .backward() without passing the `inputs` argument."
)

INFERENCE_SAVE = (
    "Inference tensors cannot be saved for backward. Please do not use Tensors created in "
    "inference mode in computation tracked by autograd. To work around this, you can make a clone "
    "to get a normal tensor and use it in autograd, or use `torch.no_grad()` instead of "
    "`torch.inference_mode()`."
)

INFERENCE_INPLACE = (
    "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone "
    "to get a normal tensor before doing inplace update.See "
    "https://github.com/pytorch/rfcs/pull/17 for more details."
)

INFERENCE_FLAG = (
    "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."
)

GRAD_DTYPE = (
    "attempting to assign a gradient with dtype '{}' to a tensor with grad_dtype '{}'. The "
    "gradient must match the tensor's grad_dtype (defaults to the tensor's dtype). You can set "
    "the tensor's grad_dtype attribute with a specific dtype, or None to allow any dtype. Set "
    "grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break "
    "downstream systems that assume they match."
)


LEAF_IN_GRAD = (
    "A leaf node was passed to _will_engine_execute_node but we are currently running "
    "autograd.grad(). This is currently not supported."
)

REGISTER_HOOKS = (
    "register_hooks(): incompatible function arguments. The following argument types are "
    "supported:\n    1. (self: torch._C._autograd.SavedTensor, arg0: collections.abc.Callable, "
    "arg1: collections.abc.Callable) -> None\n\nInvoked with: {!r}, {!r}, {!r}"
)

PUSH_HOOKS = (
    "_push_saved_tensors_default_hooks(): incompatible function arguments. The following argument "
    "types are supported:\n    1. (arg0: collections.abc.Callable, arg1: collections.abc.Callable)"
    " -> None\n\nInvoked with: {!r}, {!r}"
)

SAVED_AS_IS = (
    "An input that has been returned as-is as output is being saved for backward. This is not "
    "supported if you override setup_context. You should return and save a view of the input "
    "instead, e.g. with x.view_as(x) or setup ctx inside the forward function itself."
)

DIRTY_VIEW = (
    "If your Function modifies inplace an input that is a view of another Tensor, your Function "
    "cannot return more than one Tensor. This is not supported by the current autograd engine. You "
    "should either make sure the input is not a view (using .clone() for example) or make your "
    "Function only return one Tensor (potentially splitting it into two Functions: one doing the "
    "inplace that returns a single Tensor and a second one that does the other operations). You "
    "can ask on the forum https://discuss.pytorch.org/ if you need help to do this change."
)

NEEDS_SETUP = (
    "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, "
    "...), it must override the setup_context staticmethod. For more details, please see "
    "https://pytorch.org/docs/main/notes/extending.func.html"
)


def must_be_bool(function: str, name: str, value: Any) -> None:
    """Raise unless a flag is a bool."""
    if value.__class__ is not bool:
        raise TypeError(
            f"{function}(): argument '{name}' (position 1) must be bool, not {type(value).__name__}"
        )


def kind(dtype: Any) -> str:
    """A type of tensors as it stands in messages."""
    name = FROM_NUMPY[dtype]._long
    return f"torch.{name}Tensor" if dtype.kind in "fiu" else f"CPU{name}Type"


def freed() -> RuntimeError:
    return hint(
        RuntimeError(FREED),
        "one forward pass serves one backward pass: run the forward code again, or pass "
        "retain_graph=True to the first backward().",
    )


def no_graph(i: int = 0) -> RuntimeError:
    return hint(
        RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn"),
        "nothing was recorded on the way to this tensor: give the leaves requires_grad=True "
        "before the forward pass, and look for no_grad(), detach() or .data in between.",
    )


def leaf_in_place() -> RuntimeError:
    return hint(
        RuntimeError("a leaf Variable that requires grad is being used in an in-place operation."),
        "update parameters inside `with torch.no_grad():`, where nothing is recorded.",
    )


def view_of_leaf_in_place() -> RuntimeError:
    return hint(
        RuntimeError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation."
        ),
        "this view shares the leaf's memory: change it inside `with torch.no_grad():`, or clone() "
        "the leaf first.",
    )


def not_scalar() -> RuntimeError:
    return hint(
        RuntimeError("grad can be implicitly created only for scalar outputs"),
        "reduce to one number first (sum, mean), or say with which weights the outputs count: "
        "backward(gradient=...) with a tensor of the output's shape.",
    )


def numpy_of_tracked() -> RuntimeError:
    return hint(
        RuntimeError(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
        ),
        "NumPy cannot record what it does; detach() says that you do not need it to.",
    )


def only_floats(which: str = "Only Tensors of floating point and complex dtype") -> RuntimeError:
    return hint(
        RuntimeError(f"{which} can require gradients"),
        "a gradient is about small changes, and whole numbers have none: make it a float tensor, "
        "as in torch.tensor([1., 2.]).",
    )
