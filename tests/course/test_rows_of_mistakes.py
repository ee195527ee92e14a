"""The catalogued mistakes that belong to a lesson are among the known-wrong answers of its key."""

import pytest

from . import lessons

ROWS = {
    "11_an_engine_for_numbers": {7, 8, 9, 10, 11, 12},
    "12_an_engine_for_arrays_1": {9, 13, 14, 15},
    "13_an_engine_for_arrays_2": {12, 16, 44},
    "14_trust_but_check": {43, 44},
    "15_beyond_first_order": {12, 37},
}


@pytest.mark.parametrize("name", ROWS)
def test_each_row_has_a_known_wrong_answer(name):
    found = {
        wrong.mistake
        for exercise in lessons.key(name).values()
        for wrong in getattr(exercise, "wrongs", ())
    }
    assert ROWS[name] <= found
