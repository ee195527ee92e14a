"""Known mistakes in other words: what the tests of the lessons' diagnoses have in common."""

import pytest

from course.check import diagnose

from . import lessons


class SecondForms:
    """Second, differently written forms of a lesson's known mistakes. The keys do not know them."""

    def __init__(self, lesson):
        self.lesson = lesson
        self.answers = {}

    def __call__(self, exercise, **answers):
        self.answers |= {(exercise, mistake): answer for mistake, answer in answers.items()}

    def named(self, exercise, answer, seed):
        """Return the name of the mistake that the diagnosis finds in an answer, or None."""
        cases = lessons.cases(self.lesson, seed)
        given = cases.given(lessons.key(self.lesson)[exercise], answer)
        found = diagnose(cases, cases.exercises[exercise], given)
        return found and found.name

    def test_named(self):
        """Make the test that the diagnosis names every known mistake in its second form too."""
        known = [
            (exercise.name, wrong.name)
            for exercise in lessons.key(self.lesson).values()
            for wrong in getattr(exercise, "wrongs", ())
        ]

        @pytest.mark.parametrize("exercise, mistake", known)
        def test(exercise, mistake):
            for seed in ("second-0", "second-1"):
                assert self.named(exercise, self.answers[exercise, mistake], seed) == mistake

        return test

    def test_unnamed(self, *exercises_and_answers):
        """Make the test that the diagnosis names none where two mistakes are made at once."""

        @pytest.mark.parametrize("exercise, answer", exercises_and_answers)
        def test(exercise, answer):
            assert self.named(exercise, answer, "two") is None

        return test
