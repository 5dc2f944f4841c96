"""Numbers and lists as people read them."""

from proctor.harness.report.text import first_of, interval, p_value, points


def test_shares_are_percent_and_differences_have_their_sign():
    assert (points(0.6375), points(0.355, signed=True), points(-0.0042, 2, signed=True)) == ("63.7", "+35.5", "-0.42")
    assert (interval(0.594, 0.681), interval(-0.01, 0.039, signed=True)) == ("59.4 to 68.1", "-1.0 to +3.9")


def test_no_p_value_is_nothing():
    assert [p_value(p) for p in (1.0, 0.0421, 0.0001, 0.00009, 0.0)] == ["1", "0.042", "0.0001", "< 0.0001", "< 0.0001"]


def test_of_many_names_the_first_are_shown():
    assert first_of("abc", 3) == "a, b, c"
    assert first_of((name for name in "abcde"), 3) == "a, b, c and 2 more"
    assert first_of([], 3) == ""


def test_an_interval_that_is_all_that_is_possible_is_a_dash():
    assert interval(0.0, 1.0) == "–"
    assert interval(0.0, 1.0, clusters=1) == "– (1 cluster)"
    assert interval(-1.0, 1.0, signed=True, clusters=4) == "– (4 clusters)"
    assert interval(0.0, 0.842, clusters=2) == "0.0 to 84.2"
    assert interval(-0.9, 1.0, signed=True) == "-90.0 to +100.0"
