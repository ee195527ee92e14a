"""The answer key of "Tensors that remember"."""

import autograd_lib as torch
from course.key import Exercise, Question, function, graph, tensor

predict_slope = Question(
    "predict_slope",
    answers=(4.5,),
    explain="Back through the mean: a quarter. Times 3, times 2 * 3 for the square, times 1: 4.5.",
    experiment="write down the local slope of each of the four steps, and multiply them.",
    wrong={
        18: "That is the slope of one number in z. A mean of four passes on a quarter.",
        27: "That is the value, not its slope.",
        6.75: "That is a quarter of the value. What is the slope of a square?",
        2.25: "Close: the slope of a square has a factor 2.",
        1.5: "The slope of y * y is 2 * y, and y is 3.",
        6: "That is the slope of y * y. The 3 and the mean are missing.",
    },
)


# Twelve rows

predict_rows_1_to_4 = Question(
    "predict_rows_1_to_4",
    answers=("pccr",),
    explain="`c + 5` is computed, but from constants alone: it has nothing to remember.",
    experiment="print requires_grad and grad_fn of each of the four.",
    wrong={
        "pcrr": "`c + 5` is computed, but does any of its inputs require gradients?",
        "prrr": "Do the rows 2 and 3 require gradients? Did anybody ask for it?",
        "pccp": "`x + 5` is another tensor than `x`. Was it made by you, or by an addition?",
        "pcpp": "A parameter is what you made with requires_grad=True. Who made rows 3 and 4?",
        "cccr": "`x` was made with requires_grad=True.",
        "rccr": "`x` was made by you, not by a remembered operation.",
    },
)

predict_rows_5_to_8 = Question(
    "predict_rows_5_to_8",
    answers=("prrr",),
    explain="A product, a cast and a view of a parameter are all computed from it: results.",
    experiment="print the four tensors. Which of them show a grad_fn?",
    wrong={
        "pprr": "In row 6 the flag was set on a tensor that was then multiplied. Is the product "
        "still that tensor?",
        "prpr": "A cast makes another tensor, with an operation that gradients flow back through.",
        "prrp": "A view is computed from `x`: gradients flow back from the row into `x`.",
        "prpp": "Casts and views make other tensors, and remember from which one.",
        "pppp": "Rows 6 to 8 are computed from parameters. What does that make them?",
        "prcr": "float64 is a dtype with gradients, like float32.",
        "prcc": "Casts and views of a tensor that requires gradients are tracked, as sums are.",
    },
)

predict_rows_9_to_12 = Question(
    "predict_rows_9_to_12",
    answers=("cprc",),
    explain="Whole numbers and comparisons have no slopes. `x * 0` has one: it is 0, and tracked.",
    experiment="print requires_grad and grad_fn of each of the four.",
    wrong={
        "crrc": "`c * 2` is a constant, so it is a leaf; then it is told to require gradients.",
        "cpcc": "The engine does not look at the values: `x * 0` is a product with a parameter.",
        "cprr": "What is the slope of True or False?",
        "cpcr": "`x * 0` is a product with a parameter; and what is the slope of True or False?",
        "crrr": "`c * 2` is a constant until it is told otherwise; and has True a slope?",
        "rprc": "`k` is a constant, and so is what is computed from it alone.",
        "pprc": "Nobody asked for slopes along `k`; whole numbers could not have any.",
    },
)


# Kinds

classify = Exercise(
    "classify",
    sees=["result", "t.requires_grad"],
    experiment="try it on torch.ones(2), on torch.ones(2, requires_grad=True), and on twice that.",
)


def made_by(check, expression, uses):
    """Add a case: a tensor made by an expression of x (a parameter), c and k (constants)."""

    def draw(rng):
        names = dict(
            x=tensor(rng.normal(size=(2, 3)), requires_grad=True),
            c=tensor(rng.normal(size=(2, 3))),
            k=tensor(rng.randint(1, 9, size=3), dtype="int64"),
        )
        used = {name: value for name, value in names.items() if name in uses}
        return dict(t=graph(expression, **used))

    classify.case(check)(draw)


for text, uses in (
    ("c", "c"),
    ("x", "x"),
    ("c + 5", "c"),
    ("x + 5", "x"),
    ("x * c", "xc"),
):
    made_by("classify-plain", text, uses)
for text, uses in (
    ("x.double()", "x"),
    ("c.double()", "c"),
    ("x[0]", "x"),
    ("x.reshape(6)", "x"),
    ("k", "k"),
    ("k * 2", "k"),
    ("k.float().requires_grad_()", "k"),
    ("(c * 2).requires_grad_()", "c"),
    ("x > 0", "x"),
    ("x * 0", "x"),
    ("c.requires_grad_() * 0.1", "c"),
    ("(x + c).sum()", "xc"),
):
    made_by("classify-made", text, uses)


@classify.case("classify-made")
def has_a_gradient(rng):
    return dict(t=tensor(rng.normal(size=3), grad=rng.normal(size=3)))


@classify.right
def by_leaf(t):
    if not t.is_leaf:
        return "result"
    return "parameter" if t.requires_grad else "constant"


@classify.right
def by_a_table(t):
    kinds = {(False, True): "constant", (True, True): "parameter", (True, False): "result"}
    return kinds[t.requires_grad, t.is_leaf]


@classify.wrong(
    38,
    "whatever requires gradients is called a parameter, results too",
    experiment="print (x + 5).is_leaf for a parameter x. Can it be a parameter?",
)
def flag_means_parameter(t):
    return "parameter" if t.requires_grad else "constant"


@classify.wrong(
    38,
    "every leaf is called a parameter, constants too",
    experiment="print torch.ones(2).is_leaf. Does anybody want slopes along it?",
)
def leaf_means_parameter(t):
    return "parameter" if t.is_leaf else "result"


@classify.wrong(
    38,
    "whatever requires no gradients is called a result",
    experiment="print torch.ones(2).grad_fn. Was it made by a remembered operation?",
)
def constant_means_result(t):
    return "parameter" if t.is_leaf and t.requires_grad else "result"


@classify.wrong(
    38,
    "the gradient is asked for in place of the flag: a parameter has none before backward() is "
    "called",
    experiment="print torch.ones(2, requires_grad=True).grad.",
)
def asks_for_the_gradient(t):
    if t.grad_fn is not None:
        return "result"
    return "constant" if t.grad is None else "parameter"


@classify.wrong(
    None,
    "parameters and results have changed places",
    experiment="print x.grad_fn and (x + 5).grad_fn for a parameter x.",
)
def swaps_two_kinds(t):
    if not t.requires_grad:
        return "constant"
    return "result" if t.is_leaf else "parameter"


@classify.wrong(
    None,
    "is_leaf is called like a function: it is a property, and has no brackets",
    experiment="print(t.is_leaf), and print(type(t.is_leaf)).",
)
def calls_a_property(t):
    if t.is_leaf():
        return "parameter" if t.requires_grad else "constant"
    return "result"


# Parameters

make_parameter = Exercise(
    "make_parameter",
    sees=[
        "result",
        "result.requires_grad",
        "result.is_leaf",
        "values",
        "values.requires_grad",
        "result is values",
    ],
    experiment="p = make_parameter(torch.tensor([1, 2]), 3). Print p and p.is_leaf.",
)


@make_parameter.case("make_parameter-leaf")
def floats(rng):
    return dict(values=tensor(rng.normal(size=(2, 3))), scale=float(rng.uniform(0.1, 0.4)))


@make_parameter.case("make_parameter-leaf")
def one_float(rng):
    return dict(values=tensor(rng.normal()), scale=3)


@make_parameter.case("make_parameter-whole")
def whole_numbers(rng):
    values = tensor(rng.randint(2, 9, size=5), dtype="int64")
    return dict(values=values, scale=int(rng.choice([2, 3])))


@make_parameter.case("make_parameter-whole")
def whole_numbers_and_a_fraction(rng):
    values = tensor(rng.randint(2, 9, size=(2, 2)), dtype="int64")
    return dict(values=values, scale=float(rng.uniform(0.1, 0.4)))


@make_parameter.case("make_parameter-own")
def times_one(rng):
    return dict(values=tensor(rng.normal(size=3)), scale=1)


@make_parameter.law("make_parameter-own", on=times_one)
def shares_nothing(f, new):
    """What is written into the new parameter must not show in values."""
    values, scale = new()
    before = values.clone()
    parameter = f(values, scale)
    with torch.no_grad():
        parameter += 1
    assert torch.equal(values, before)


@make_parameter.right
def from_a_list(values, scale):
    return torch.tensor((values * scale).tolist(), dtype=torch.float32, requires_grad=True)


@make_parameter.right
def flag_in_a_line_of_its_own(values, scale):
    parameter = values.clone().float()
    parameter *= scale
    parameter.requires_grad = True
    return parameter


@make_parameter.wrong(
    39,
    "the flag is set first, and the tensor multiplied afterwards: the product is a result, no leaf",
    experiment="print is_leaf of what you return. Multiply first, set the flag last.",
)
def flag_first(values, scale):
    return (
        torch.tensor([float(v) for v in values.reshape(-1)], requires_grad=True).reshape(
            values.shape
        )
        * scale
    )


@make_parameter.wrong(
    39,
    "the flag is set on values itself, which should stay a constant, and the product is a result",
    experiment="print values.requires_grad after the call, and is_leaf of what you return.",
)
def flags_the_values(values, scale):
    if values.dtype == torch.float32:
        values.requires_grad_()
        return values * scale
    return values.float().requires_grad_() * scale


@make_parameter.wrong(
    42,
    "whole numbers are asked for gradients, without a cast to float first",
    experiment="try it on torch.tensor([1, 2]) with scale 3. Where is a cast needed?",
)
def forgets_the_cast(values, scale):
    return (values * scale).requires_grad_()


@make_parameter.wrong(
    None,
    "the flag is missing: this is a constant",
    experiment="print it. A parameter shows requires_grad=True at its end.",
)
def forgets_the_flag(values, scale):
    return values.float() * scale


@make_parameter.wrong(
    None,
    "scale is left out",
    experiment="call it with scale 1 and with scale 2. The results should differ.",
)
def forgets_the_scale(values, scale):
    return values.clone().float().requires_grad_()


@make_parameter.wrong(
    None,
    "the numbers in values are changed in place",
    experiment="print values before the call and after it. `*=` changes the tensor itself.",
)
def changes_the_values(values, scale):
    values *= scale
    return values.clone().float().requires_grad_()


# The first gradient

first_gradient = Exercise(
    "first_gradient",
    sees=["result", "x", "x.requires_grad", "x.grad"],
    experiment="try it with f = lambda x: (x * x).sum() on torch.tensor([1., 2.]): the gradient is "
    "tensor([2., 4.]).",
)
NINES = "(3 * (x + 2)**2).mean()"
SIXTEENS = "((x + 3)**2).mean()"


@first_gradient.case("first_gradient-means")
def nine_times_three(rng):
    return dict(f=function(NINES), x=tensor([[1.0, 1.0], [1.0, 1.0]]))


@first_gradient.case("first_gradient-means")
def sixteen(rng):
    return dict(f=function(SIXTEENS), x=tensor([[1.0, 1.0], [1.0, 1.0]]))


@first_gradient.case("first_gradient-means")
def other_numbers(rng):
    return dict(f=function(NINES), x=tensor(rng.normal(size=3)))


@first_gradient.case("first_gradient-others")
def exponentials(rng):
    a = float(rng.uniform(0.4, 0.9))
    return dict(f=function("(a * x).exp().sum()", a=a), x=tensor(rng.normal(size=(2, 3))))


@first_gradient.case("first_gradient-others")
def a_number_without_a_shape(rng):
    return dict(f=function("x * x * x"), x=tensor(rng.uniform(1.2, 2)))


@first_gradient.case("first_gradient-whole")
def of_whole_numbers(rng):
    return dict(f=function("(x * x).sum()"), x=tensor(rng.randint(2, 9, size=5), dtype="int64"))


@first_gradient.right
def with_grad(f, x):
    leaf = x.clone().float()
    leaf.requires_grad = True
    (gradient,) = torch.autograd.grad(f(leaf), leaf)
    return gradient


@first_gradient.right
def with_a_starting_one(f, x):
    leaf = torch.tensor(x.tolist(), dtype=torch.float32, requires_grad=True)
    f(leaf).backward(torch.tensor(1.0))
    return leaf.grad


@first_gradient.wrong(
    None,
    "x itself is made a parameter: it has the flag and a gradient afterwards",
    experiment="print x.requires_grad and x.grad after the call.",
)
def flags_x(f, x):
    if x.dtype != torch.float32:
        return with_grad(f, x)
    x.requires_grad_()
    f(x).backward()
    return x.grad


@first_gradient.wrong(
    42,
    "whole numbers are asked for gradients, without a cast to float first",
    experiment="try it on torch.tensor([1, 2]). Where is a cast needed?",
)
def forgets_to_cast(f, x):
    leaf = x.clone().requires_grad_()
    f(leaf).backward()
    return leaf.grad


@first_gradient.wrong(
    38,
    "the gradient is asked of a tensor that has none: of a result, or before backward()",
    experiment="print is_leaf of the tensor whose .grad you return.",
)
def asks_a_result(f, x):
    out = f(x.clone().float().requires_grad_())
    out.backward()
    return out.grad


@first_gradient.wrong(
    None,
    "nothing requires gradients, so that there is no graph to walk back through",
    experiment="print f(x).grad_fn. Which tensor should carry the flag?",
)
def forgets_to_flag(f, x):
    f(x.clone().float()).backward()
    return x.grad


@first_gradient.wrong(
    None,
    "the value of f is returned, not its gradient",
    experiment="print the shape of what you return. It should be that of x.",
)
def returns_the_value(f, x):
    return f(x.float())


# Looking back

recall_two_ways = Question(
    "recall_two_ways",
    answers=(4,),
    explain="Through the product comes b, which is 3; directly comes 1. They add up.",
    experiment="let a grow from 2 to 3, with b = 3. By how much does y grow?",
    wrong={
        3: "That is the way through the product alone. Where else is a used?",
        1: "That is the direct way alone. Where else is a used?",
        2: "That is the slope along b.",
        8: "That is the value of y.",
    },
)

recall_exact = Question(
    "recall_exact",
    answers=("b",),
    explain="For a parabola the errors on both sides are the same, and cancel.",
    experiment="measure each with a step of 1, and with a step of 0.1.",
    wrong={
        "a": "A step to the right finds too much where the curve bends upwards.",
        "c": "There the errors on both sides do not quite cancel.",
    },
)

recall_constant = Question(
    "recall_constant",
    answers=("b",),
    explain="Neither c nor its sum has a past, or requires gradients: nothing to walk through.",
    experiment="try it in a new cell.",
    wrong={
        "a": "It does not stay silent: that would hide a mistake.",
        "c": "Did anybody ask for gradients of c?",
    },
)
