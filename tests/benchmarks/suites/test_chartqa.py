"""ChartQA: its columns, its official and VLMEvalKit's rules, and each defect that is known of them."""

import pytest

from proctor.benchmarks.suites import chartqa


@pytest.mark.parametrize(
    ("question", "gold", "gold_type"),
    [
        ("In which year is it lowest?", "2017", "year"),
        ("What 2 years are compared?", "2017", "year"),
        ("When did it peak?", "1990", "year"),
        ("Since when has it risen?", "1990", "year"),
        ("During which time did it rise?", "2009", "year"),
        ("What was the revenue in the year 2007?", "1812", "relaxed:0.05"),
        ("What was the revenue when sales peaked?", "1812", "relaxed:0.05"),
        ("In which year is it lowest?", "12", "relaxed:0.05"),
        ("How many bars are there?", "3", "number"),
        ("How many million users are there?", "3", "relaxed:0.05"),
        ("How many users are there?", "1038000", "relaxed:0.05"),
        ("What is the ratio?", "1.684722222", "relaxed:0.05"),
        ("What is the share?", "24%", "relaxed:0.05"),
        ("What is the lowest value?", "-3", "relaxed:0.05"),
        ("Which season?", "2019/20", "text"),
        ("Which age group?", "35 to 44", "text"),
        ("Which two countries?", "[Italy , 22]", "set"),
    ],
)
def test_types(question, gold, gold_type):
    assert chartqa.gold_type(question, gold)[1] == gold_type


@pytest.mark.parametrize(
    ("response", "gold", "correct"),
    [
        ("104", "100", True),
        ("106", "100", False),
        ("2000", "2015", True),
        ("24%", "24", False),
        ("24%", "0.24", True),
        ("$25", "25", False),
        ("yes", "Yes", True),
        ("Yes.", "Yes", False),
        ("0", "0", True),
        ("0.0", "0", False),
        ("[2003, 2004]", "[2003, 2004]", True),
        ("2003, 2004", "[2003, 2004]", False),
    ],
)
def test_official_rule(judged, response, gold, correct):
    assert judged("chartqa", "official", response, gold).correct is correct
    if not gold.startswith("["):
        assert judged("chartqa", "vlmevalkit", response, gold).correct is correct


@pytest.mark.parametrize(
    ("response", "gold", "now", "in_2024"),
    [
        ("2003", "[2003, 2004]", True, True),  # one of the list is enough
        ("2004", "['2003', '2004']", True, True),
        ("[2003, 2004]", "[2003, 2004]", False, False),
        ("[Italy, 22]", "[Italy, 22]", True, True),  # no list to Python
        ("95", "100", True, False),  # 5 percent of the gold are more than 5 percent of the response
        ("105.2", "100", False, True),
        ("0", "0", True, True),
        ("0.0", "0", False, False),
        ("0", "0.0", False, False),
        ("nan", "5", False, False),
        ("inf", "5", False, False),
    ],
)
def test_vlmevalkit_rules(judged, response, gold, now, in_2024):
    assert judged("chartqa", "vlmevalkit", response, gold).correct is now
    assert judged("chartqa", "vlmevalkit@2024", response, gold).correct is in_2024
