"""The answer key of "How this course checks you"."""

from course.key import Exercise, Question

predict_sum = Question(
    "predict_sum",
    answers=(False,),
    explain="The sum is rounded to 0.30000000000000004. So numbers are compared with a tolerance.",
    experiment="print(0.1 + 0.2).",
    wrong={True: "On paper it is. But a computer rounds, and the last digit may be off."},
)

double = Exercise(
    "double",
    sees=["result", "numbers", "result is numbers"],
    experiment="print(double([1, 5])). It should be [2, 10].",
)


def whole_numbers(rng, n):
    """Some whole numbers, different from each other, none of them 0 or 2."""
    return [int(number) for number in rng.permutation([3, 4, 5, 7, 8, 9])[:n]]


@double.case("double-some")
def three_numbers(rng):
    return dict(numbers=whole_numbers(rng, 3))


@double.case("double-some")
def one_number(rng):
    return dict(numbers=whole_numbers(rng, 1))


@double.case("double-kept")
def negative_numbers(rng):
    return dict(numbers=[-n for n in whole_numbers(rng, 5)])


@double.case("double-kept")
def no_number(rng):
    return dict(numbers=[])


@double.case("double-kept")
def fractions(rng):
    return dict(numbers=[n + 0.25 for n in whole_numbers(rng, 2)])


@double.right
def with_a_loop(numbers):
    result = []
    for n in numbers:
        result.append(n + n)
    return result


@double.right
def by_place(numbers):
    result = [0] * len(numbers)
    for i, n in enumerate(numbers):
        result[i] = n * 2
    return result


@double.wrong(
    None,
    "each number is squared: multiplied with itself, not with 2",
    experiment="print(3 * 3), and print(2 * 3). For which number are both the same?",
)
def squares(numbers):
    return [n * n for n in numbers]


@double.wrong(
    None,
    "each number grows by 2, where it should be multiplied with 2",
    experiment="try it on [5]. The result should be [10].",
)
def adds_two(numbers):
    return [n + 2 for n in numbers]


@double.wrong(
    None,
    "the list is multiplied with 2, which repeats it: the numbers stay as they are",
    experiment="print([1, 5] * 2).",
)
def repeats_the_list(numbers):
    return numbers * 2


@double.wrong(
    None,
    "the list that came in is changed, and returned: no new one is made",
    experiment="numbers = [1, 5]; double(numbers); print(numbers). It should still be [1, 5].",
)
def changes_the_list(numbers):
    for i in range(len(numbers)):
        numbers[i] *= 2
    return numbers


@double.wrong(
    None,
    "the function ends inside the loop, after the first number",
    experiment="print(len(double([1, 5]))). How far in does `return` stand?",
)
def returns_too_early(numbers):
    result = []
    for n in numbers:
        result.append(2 * n)
        return result
    return result


@double.wrong(
    None,
    "the result is printed, or lost, but not returned",
    experiment="x = double([1, 5]), then print(x). Is there a `return` at the end?",
)
def prints_it(numbers):
    print([2 * n for n in numbers])


recall_length = Question(
    "recall_length",
    answers=(4,),
    explain="The list is repeated: [1, 2, 1, 2].",
    experiment="print([1, 2] * 2).",
    wrong={
        2: "Lists are not multiplied number by number. What could `* 2` do to a list as a whole?",
        6: "That is the sum of what comes out.",
    },
)

recall_proof = Question(
    "recall_proof",
    answers=(False,),
    explain="It is right on the inputs that were tried. Other inputs may say something else.",
    experiment="think of the answer that squared its numbers, and of the input [2].",
    wrong={True: "What about inputs that no check has tried?"},
)
