"""The catalogued mistakes that belong to a lesson are among the known-wrong answers of its key."""

import pytest

from . import lessons

ROWS = {
    "01_slopes_you_can_measure": {43},
    "02_the_chain_rule_on_a_small_graph": {9, 11, 22},
    "03_tensors_that_remember": {38, 39, 42},
    "04_reading_the_graph": {38},
    "05_the_thermometer": {1, 3, 22, 26, 27, 28, 29},
    "06_gradients_add_up": {1, 2, 4, 5, 6, 36},
    "07_turning_it_off": {27, 28, 29, 30, 31, 32, 33, 34},
    "08_why_scaling_matters": {45, 46},
    "09_one_backward_by_hand": {17, 18, 19, 20, 21, 22, 23, 24, 25},
    "10_many_outputs": {40, 41},
    "11_an_engine_for_numbers": {7, 8, 9, 10, 11, 12},
    "12_an_engine_for_arrays_1": {9, 13, 14, 15},
    "13_an_engine_for_arrays_2": {12, 16, 44},
    "14_trust_but_check": {43, 44},
    "15_beyond_first_order": {12, 37},
    "16_a_network_that_reads_digits": {1, 17, 26, 34, 35},
}


def wrongs(name):
    return [
        wrong
        for exercise in lessons.key(name).values()
        for wrong in getattr(exercise, "wrongs", ())
    ]


@pytest.mark.parametrize("name", ROWS)
def test_each_row_has_a_known_wrong_answer(name):
    assert ROWS[name] - {wrong.mistake for wrong in wrongs(name)} == set()


def test_the_whole_catalogue_is_there():
    everywhere = [wrong for name in lessons.NAMES for wrong in wrongs(name)]
    assert set(range(1, 47)) - {wrong.mistake for wrong in everywhere} == set()
    assert len(everywhere) >= 150
