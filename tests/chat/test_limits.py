import pytest

from chat.limits import Bucket, frames


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def taken(bucket: Bucket, tries: int) -> int:
    return sum(bucket.take() for _ in range(tries))


def test_a_burst_is_allowed_and_then_the_rate():
    clock = Clock()
    bucket = Bucket(burst=200, rate=20, clock=clock)
    assert taken(bucket, 500) == 200
    clock.now += 1
    assert taken(bucket, 500) == 20
    clock.now += 0.5
    assert taken(bucket, 500) == 10


def test_after_a_rest_the_whole_burst_is_there_again_and_no_more():
    clock = Clock()
    bucket = Bucket(burst=200, rate=20, clock=clock)
    taken(bucket, 200)
    clock.now += 3600
    assert taken(bucket, 500) == 200


def test_someone_who_keeps_to_the_rate_is_never_refused():
    clock = Clock()
    bucket = Bucket(burst=5, rate=20, clock=clock)
    for _ in range(1000):
        clock.now += 0.05
        assert bucket.take()


@pytest.mark.parametrize(("limits", "expected"), [(True, 200), (False, 5000)])
def test_limits_can_be_switched_off_by_a_setting(settings, limits, expected):
    settings.RATE_LIMITS, settings.RATE_BURST, settings.RATE_PER_SECOND = limits, 200, 0.0
    assert taken(frames(), 5000) == expected
