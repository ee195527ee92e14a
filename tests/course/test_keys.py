"""The proof of the answer keys: checks reject what is wrong, accept what is right, and say which.

For every lesson that has a key. The environment variable PROOF_SEEDS asks for more seeds.
"""

import os

import pytest

from course.check import diagnose, examine, examine_answer
from course.key import Exercise

from . import lessons

SEEDS = [f"proof-{n}" for n in range(int(os.environ.get("PROOF_SEEDS", "5")))]

everywhere = pytest.mark.parametrize("name", lessons.NAMES)
under_seeds = pytest.mark.parametrize("seed", SEEDS)


def exercises(name):
    return [entry for entry in lessons.key(name).values() if isinstance(entry, Exercise)]


def questions(name):
    return [entry for entry in lessons.key(name).values() if not isinstance(entry, Exercise)]


def checks_of(cases, exercise):
    return [info for info in cases.checks.values() if info.exercise == exercise.name]


@everywhere
@under_seeds
def test_no_right_answer_fails(name, seed):
    cases = lessons.cases(name, seed)
    for exercise in exercises(name):
        for answer in cases.right_answers(exercise):
            for info in checks_of(cases, exercise):
                given = cases.given(exercise, answer)
                outcome = examine(cases, info, cases.exercises[exercise.name], given, secret=False)
                assert outcome.status == "passed", (
                    f"{info.id} rejects {answer.__name__}: {outcome.message}\n{outcome.detail}"
                )


@everywhere
@under_seeds
def test_every_wrong_answer_is_rejected_and_named(name, seed):
    cases = lessons.cases(name, seed)
    accepted, unnamed = [], []
    for exercise in exercises(name):
        info = cases.exercises[exercise.name]
        for wrong in exercise.wrongs:
            given = cases.given(exercise, wrong.answer)
            outcomes = (
                examine(cases, check, info, given, secret=False, diagnosing=False)
                for check in checks_of(cases, exercise)
            )
            if not any(outcome.status in ("failed", "error") for outcome in outcomes):
                accepted.append(f"{exercise.name}: {wrong.name}")
            named = diagnose(cases, info, given)
            if named is None or named.name != wrong.name:
                unnamed.append(f"{exercise.name}: {wrong.name}, taken for {named and named.name}")
    assert not accepted
    assert not unnamed


@everywhere
def test_wrong_answers_say_what_was_seen_and_what_to_try(name):
    cases = lessons.cases(name, SEEDS[0])
    for exercise in exercises(name):
        info = cases.exercises[exercise.name]
        for wrong in exercise.wrongs:
            given = cases.given(exercise, wrong.answer)
            for check in checks_of(cases, exercise):
                outcome = examine(cases, check, info, given, secret=True, diagnosing=False)
                if outcome.status != "passed":
                    assert outcome.message and not outcome.detail
            # "This is what you get when {what}."
            assert wrong.what[0].islower() and not wrong.what.endswith(".")
            assert wrong.experiment


@everywhere
def test_questions_accept_their_answers_and_no_other(name):
    cases = lessons.cases(name, SEEDS[0])

    def status(question, answer):
        info = cases.checks[f"{question.name}-answer"]
        outcome = examine_answer(info, cases.questions[question.name], lambda: answer)
        assert outcome.message
        return outcome.status, outcome.message

    for question in questions(name):
        assert status(question, lessons.solved(name)[question.name]())[0] == "passed"
        for answer in question.answers:
            assert status(question, answer) == ("passed", question.explain)
        for answer, says in question.wrong.items():
            assert status(question, answer) == ("failed", says)
        for answer in ("", "z", None, -12345, [], object()):
            assert status(question, answer)[0] == "failed"
        assert question.experiment


@everywhere
def test_there_are_enough_answers(name):
    for exercise in exercises(name):
        assert len(exercise.rights) >= 2, exercise.name
        assert len(exercise.wrongs) >= 3, exercise.name
        assert exercise.experiment, exercise.name


@everywhere
def test_a_stub_fails_every_check_and_is_told_what_to_write(name):
    cases = lessons.cases(name, SEEDS[0])

    def stub(*arguments):
        raise NotImplementedError()

    for exercise in exercises(name):
        info = cases.exercises[exercise.name]
        for check in checks_of(cases, exercise):
            outcome = examine(cases, check, info, cases.given(exercise, stub), secret=True)
            assert outcome.status == "not_attempted"
            assert info.says in outcome.message and info.says.endswith(".")
