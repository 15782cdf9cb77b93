"""How many posts a batch takes."""

from digest.pipeline.sizes import Finished, next_size


def after(*finished: tuple[int, int]) -> int:
    return next_size([Finished(*batch) for batch in finished], first=3, largest=6)


def test_it_grows_while_every_post_comes_back_valid_and_never_beyond_the_largest() -> None:
    assert [after(*[(size, 0) for size in range(3, 3 + n)]) for n in range(5)] == [3, 4, 5, 6, 6]


def test_it_halves_when_posts_are_skipped_merged_or_invented() -> None:
    assert after((3, 0), (4, 0), (5, 1)) == 2
    assert after((3, 2), (1, 1), (1, 1)) == 1


def test_batches_that_were_cut_before_it_shrank_say_nothing_new() -> None:
    assert after((3, 1), (3, 1), (3, 0)) == 1


def test_the_last_posts_of_a_build_prove_nothing() -> None:
    assert after((3, 0), (1, 0)) == 4
