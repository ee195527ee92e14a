"""The data of the lessons are what their description says."""

import numpy as np

from course.data import digits


def test_the_digits():
    pixels, labels = digits()
    assert pixels.shape == (1797, 64) and pixels.dtype == float
    assert labels.shape == (1797,) and labels.dtype == np.int64
    assert pixels.min() == 0 and pixels.max() == 1
    assert np.array_equal(pixels * 16, np.round(pixels * 16))
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_each_call_hands_out_arrays_of_its_own():
    pixels, _ = digits()
    pixels[:] = 7
    assert digits()[0].max() == 1
