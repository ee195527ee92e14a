"""The answer key of "Learning rates"."""

from course.key import Exercise

decayed_rate = Exercise("decayed_rate", sees=["result"], experiment="print it for epochs 0 to 6.")


@decayed_rate.case("decayed_rate-halves")
def two_periods(rng):
    return dict(start=float(rng.uniform(0.1, 1)), epoch=10, period=5)


@decayed_rate.case("decayed_rate-any_epoch")
def somewhere(rng):
    period = int(rng.randint(2, 9))
    return dict(start=0.3, epoch=period * int(rng.randint(1, 5)) + 1, period=period)


@decayed_rate.wrong(None, "the rate falls a little with every epoch", experiment="try period=100.")
def falls_all_the_time(start, epoch, period):
    return start * 0.5 ** (epoch / period)
