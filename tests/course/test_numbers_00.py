"""Every number in the prose of lesson 00 is what its code gives."""

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "00_how_this_course_checks_you"


def test_how_this_course_checks_you():
    say = Claims(NAME)
    names = lessons.solved(NAME)
    say("About 10 minutes to read and 10 minutes to write", *minutes(NAME))
    assert ("0.1 + 0.2 == 0.3" in say.text) and names["predict_sum"]() is (0.1 + 0.2 == 0.3)
    assert str(0.1 + 0.2) in lessons.key_text(NAME)
    say("2 doubled is 4", 2, *names["double"]([2]))
    assert names["double"]([1, 5]) == [2, 10] and "double([1, 5]) is [2, 10]" in say.text
    assert names["recall_length"]() == len([1, 2] * 2)
    # sums and lists to try; two questions, three hints
    say.nothing_else_but("0.1 0.2 0.3 1 2 3 5")
