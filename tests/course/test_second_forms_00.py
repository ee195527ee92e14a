"""Second forms of the known mistakes of lesson 00."""

from .second_forms import SecondForms

forms = SecondForms("00_how_this_course_checks_you")


def in_place(numbers):
    numbers[:] = [n + n for n in numbers]
    return numbers


forms(
    "double",
    squares=lambda numbers: [n**2 for n in numbers],
    adds_two=lambda numbers: (
        list(map((2).__add__, numbers))
        if all(type(n) is int for n in numbers)
        else [2 + n for n in numbers]
    ),
    repeats_the_list=lambda numbers: [*numbers, *numbers],
    changes_the_list=in_place,
    returns_too_early=lambda numbers: [n + n for n in numbers][:1],
    prints_it=lambda numbers: print(*[n + n for n in numbers]),
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("double", lambda numbers: [n + 2 for n in numbers * 2]),
)
