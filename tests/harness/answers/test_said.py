"""What a sentence says to a reader who knows the options or the gold, and what it does not say to that reader."""

from __future__ import annotations

import pytest

from proctor.harness.answers import grade

COLORS = ("red", "blue", "green", "dark green")
PLACES = ("on the roof", "in the cellar", "beside the barn")
PICTURES = ("A", "B", "C", "D")
VERDICTS = ("Yes", "No")
TRUTHS = ("True", "False", "Not stated")
AMOUNTS = ("12", "15", "18")

UNDECIDED = ("105", "-110", "no, but nearly", "It is impossible to determine")
NAMES = ("Anna", "Boris", "Carla", "Dan")

OPTIONS = [
    ("its own text, which denies", "D. It is impossible to determine", UNDECIDED, "D", True),
    (
        "its own text behind a heading",
        "We look.\n\n**Answer:** D. It is impossible to determine.",
        UNDECIDED,
        "D",
        True,
    ),
    ("its own text in bold", "So the answer is **D. It is impossible to determine.**", UNDECIDED, "D", True),
    ("its own text in a tag", "<answer>D. It is impossible to determine</answer>", UNDECIDED, "D", True),
    ("its own text with a comma", "So it's (C) no, but nearly.", UNDECIDED, "C", True),
    ("another's text", "C. It is impossible to determine", UNDECIDED, "C", False),
    ("its own text without the sign", "Hence (B) 110", UNDECIDED, "B", False),
    ("the last of a list of options", "A. 105\nB. -110\nD. It is impossible to determine", UNDECIDED, "D", False),
    ("considered", "Let us consider option D: It is impossible to determine", UNDECIDED, "D", False),
    ("asked", "Is the answer (D) It is impossible to determine?", UNDECIDED, "D", False),
    ("ruled out", "Ruled out: (D) It is impossible to determine", UNDECIDED, "D", False),
    ("a letter that is another's text", "My answer: B (C)", ("A", "C", "D"), "B", True),
    ("called so behind another", "They sit in a row. The one to the left of Dan is Carla.", NAMES, "C", True),
    ("who is only pointed at", "They sit in a row. The one to the left of Dan is Carla.", NAMES, "D", False),
    ("not called so", "They sit in a row. The one to the left of Dan is not Carla.", NAMES, "C", False),
    (
        "refuted by its own sentence",
        "We compute it step by step, and the change is larger than any of those that are given here, so that none fits the "
        "table that stands in the question above the options.\n\nThe closest one is (A) $45k, which is not accurate.",
        ("$45k", "$50k"),
        "A",
        False,
    ),
    ("the only one named", "You are less likely to pick a blue marble.", COLORS, "B", True),
    ("another is named", "You are less likely to pick a blue marble.", COLORS, "A", False),
    ("a longer option", "Most of the balls are dark green.", COLORS, "D", True),
    ("a part of a longer one", "Most of the balls are dark green.", COLORS, "C", False),
    ("denied", "You will not pick a blue marble.", COLORS, "B", False),
    ("two named", "You may pick a red or a blue marble.", COLORS, "A", False),
    ("compared with another", "A blue marble is more likely than a red one.", COLORS, "B", True),
    ("what it is compared with", "A blue marble is more likely than a red one.", COLORS, "A", False),
    ("not another", "So you will pick a blue marble, not a red one.", COLORS, "B", True),
    ("the other of not another", "So you will pick a blue marble, not a red one.", COLORS, "A", False),
    ("and not another", "So the marble is blue and not green.", COLORS, "B", True),
    ("instead of another", "So you will pick a blue marble instead of a red one.", COLORS, "B", True),
    ("not only one", "So you will pick a blue marble, not only a red one.", COLORS, "B", False),
    ("doubted behind another", "So a blue marble, not a red one, might be picked.", COLORS, "B", False),
    ("none", "So there is no blue marble, not even a red one.", COLORS, "B", False),
    ("neither", "So the marble is not red, not blue.", COLORS, "A", False),
    ("not at all", "So you will not pick a blue marble, not even once.", COLORS, "B", False),
    ("a question", "Will you pick a blue marble?", COLORS, "B", False),
    ("several words", "Therefore, the ladder stands beside the barn.", PLACES, "C", True),
    ("only some of its words", "Therefore, the ladder stands near the barn.", PLACES, "C", False),
    ("a mark", "The ladder is found (B) in the cellar of the house.", PLACES, "B", True),
    ("another mark", "The ladder is found (B) in the cellar of the house.", PLACES, "A", False),
    ("two marks", "The ladder fits both (A) and (B) equally well.", PLACES, "A", False),
    ("in the circumstance", "While the cat sits on the roof, the ladder stands beside the barn.", PLACES, "A", False),
    ("a picture", "So container D fills up first of all.", PICTURES, "D", True),
    ("an article", "A container fills up first of all.", PICTURES, "A", False),
    ("two pictures", "So container C or D fills up first of all.", PICTURES, "C", False),
    ("behind a short form", "That is a bit more than the others, i.e. **(B) 15**.", AMOUNTS, "B", True),
    ("another behind a short form", "That is a bit more than the others, i.e. **(B) 15**.", AMOUNTS, "C", False),
    ("the value of an option", "So they need 15 minutes to get there.", AMOUNTS, "B", True),
    ("the value of another", "So they need 15 minutes to get there.", AMOUNTS, "A", False),
    ("a value that is no option", "So they need 16 minutes to get there.", AMOUNTS, "B", False),
    (
        "a mark behind a sentence",
        "Ball A goes down on both scales. **(C) dark blue**",
        ("red", "blue", "dark blue"),
        "C",
        True,
    ),
    (
        "the beginning of a text",
        "(B) half as large",
        ("twice as large as before", "half as large as before"),
        "B",
        True,
    ),
    ("a time of day", "It runs for an hour and will be over at 2:45 P.M.", ("2:15 P.M.", "2:45 P.M."), "B", True),
    ("what fits", "Option B fits both rules.", AMOUNTS, "B", True),
    ("what would be something else", "Option B would be the number of all balls.", AMOUNTS, "B", False),
    ("Chinese", "折叠后得到的正方体是图D。", PICTURES, "D", True),
    ("the only one in Chinese", "只有D符合。", PICTURES, "D", True),
    ("wrong in Chinese", "很多人会选D，但这是错误的。", PICTURES, "D", False),
]

SEVERAL = [
    ("statements that are true", "Statements A and C are true.", "A, C", True),
    ("behind a conclusion", "Therefore A and C are the correct statements.", "A, C", True),
    ("only they hold", "Only A and C hold.", "A, C", True),
    ("three of them", "Statements A, B and C are valid.", "A, B, C", True),
    ("others", "Statements A and B are true.", "A, C", False),
    ("false ones", "Statements A and C are false.", "A, C", False),
    ("denied", "It is not the case that statements A and C are true.", "A, C", False),
    ("some others as well", "Statements A, B and C are true.", "A, C", False),
]

SAYS = [
    ("yes", "Yes, the two roofs meet at one height.", VERDICTS, "A", True),
    ("yes is not no", "Yes, the two roofs meet at one height.", VERDICTS, "B", False),
    ("no", "No, the left roof is lower.", VERDICTS, "B", True),
    ("no is not yes", "No, the left roof is lower.", VERDICTS, "A", False),
    ("both", "Yes and no, as the roofs vary.", VERDICTS, "A", False),
    ("at the end", "The left roof is lower, so no, they stay apart.", VERDICTS, "B", True),
    ("with a denial behind it", "The left roof is lower, so no, they do not meet.", VERDICTS, "B", True),
    ("after a denial", "The left roof is not lower, so yes, they meet.", VERDICTS, "A", True),
    ("a denial is no yes", "The left roof is lower, so no, they do not meet.", VERDICTS, "A", False),
    ("so no at the beginning", "The roofs differ in height. So no, they don't meet.", VERDICTS, "B", True),
    ("hence yes", "The roofs are of one height. Hence yes.", VERDICTS, "A", True),
    ("behind a colon", "The roofs are of one height, so the statement is correct: Yes.", VERDICTS, "A", True),
    ("no as a word behind so", "The roofs are of one height. So no roof is lower.", VERDICTS, "B", False),
    ("no as a word", "There is no roof on the left.", VERDICTS, "B", False),
    ("true", "True: both bars end at 4.", TRUTHS, "A", True),
    ("false", "The statement is false, as one bar ends at 5.", TRUTHS, "B", True),
    ("false is not true", "The statement is false, as one bar ends at 5.", TRUTHS, "A", False),
    ("a claim", "So the claim is true.", TRUTHS, "A", True),
    ("this is", "One bar ends at 5, so this is false.", TRUTHS, "B", True),
    ("therefore false", "One bar ends at 5. The claim that both end at 4 is therefore False.", TRUTHS, "B", True),
    ("indeed true", "Both bars end at 4. The statement is indeed **true**.", TRUTHS, "A", True),
    ("correct", "Both bars end at 4. So the statement is correct.", TRUTHS, "A", True),
    ("incorrect", "One bar ends at 5. So the statement is incorrect.", TRUTHS, "B", True),
    ("incorrect is not true", "One bar ends at 5. So the statement is incorrect.", TRUTHS, "A", False),
    ("not true", "One bar ends at 5. Hence the given claim is not true.", TRUTHS, "B", True),
    ("hardly true", "One bar ends at 5. Hence the given claim is hardly true.", TRUTHS, "A", False),
    ("not decided", "It is not clear whether the statement is true.", TRUTHS, "A", False),
    ("asked", "Is the statement true?", TRUTHS, "A", False),
    ("a gold of yes", "Yes, the line rises all year.", None, "Yes", True),
    ("another gold", "Yes, the line rises all year.", None, "No", False),
    ("a gold of no", "No, it falls in May.", None, "No", True),
]

TEXTS = [
    ("the subject", "Norway has the longest coast of the three.", "Norway", True),
    ("not the subject", "The coast of Norway has the most harbors of all.", "harbors", False),
    ("the subject with an article", "The bakery is ahead of the others this week.", "bakery", True),
    ("the end", "The longest coast belongs to the country named Norway.", "Norway", True),
    ("the end behind a verb", "The month with the most rain is May.", "May", True),
    ("bold", "Of the three, **Norway** is ahead in length.", "Norway", True),
    ("two in bold", "Of **Norway** and **Sweden**, one is ahead.", "Norway", False),
    ("quoted", 'The sign with the arrow says "Exit" in large type.', "Exit", True),
    ("in the middle", "Ships from Bergen carry Norway fish all winter.", "Norway", False),
    ("behind a colon", "In the chart just one land has a share under 10% in both years: **Norway**.", "Norway", True),
    ("behind a colon without bold", "Only one land has a share under 10% in both years: Norway.", "Norway", True),
    ("two behind a colon", "Two lands have a share under 10% in both years: Norway and Sweden.", "Norway", False),
    ("denied behind a colon", "No land has a share under 10% in both years: not even Norway.", "Norway", False),
    ("who did not", "So the only land that has no coast is not Sweden, but Norway.", "Norway", True),
    ("denied", "Norway is not the one with the longest coast.", "Norway", False),
    ("doubted", "Norway might be the one with the longest coast.", "Norway", False),
    ("one of two", "Norway or Sweden has the longest coast.", "Norway", False),
    ("a part of a name", "North Norway has the longest coast.", "Norway", False),
    ("asked", "Is the country with the longest coast Norway?", "Norway", False),
    ("a reason", "Sweden lost because of a storm in Norway.", "Norway", False),
]

NUMBERS = [
    ("the only number", "So the club bought 14 chairs last week.", "14", True),
    ("another number", "So the club bought 14 chairs last week.", "15", False),
    ("before a year", "So the club bought 14 chairs in 2019.", "14", True),
    ("the year beside a number", "So the club bought 14 chairs in 2019.", "2019", False),
    ("the year beside a bound", "The share of chairs was lower than 0.2% in 2019.", "2019", True),
    ("the subject of an announcement", "We add.\n\n**Answer**: In the spring, **14 chairs** were bought.", "14", True),
    ("beside a year", "So in 2019 the club had a stock of 14 chairs.", "14", True),
    ("two numbers", "So the club swapped 14 chairs for 3 tables.", "14", False),
    ("behind an equals sign", "Thus the sum of the two rows is 9 + 5 = 14.", "14", True),
    ("before an equals sign", "Thus the sum of the two rows is 9 + 5 = 14.", "9", False),
    ("more than it", "So the club bought more than 14 chairs last week.", "14", False),
    ("half of it", "So the club bought half of 14 chairs last week.", "14", False),
    ("supposed", "If the club bought 14 chairs, so be it.", "14", False),
    ("denied", "So the club did not buy 14 chairs.", "14", False),
    ("a conclusion", "Each row holds 7, so together they hold 14 chairs.", "14", True),
    ("behind dots", "Let x and 2x be the rows... As x = 7, the longer row holds 14.", "14", True),
    ("a share", "Of the 8 rolls 3 are left, so **3/8** of the tray is full.", "3/8", True),
    ("a share without bold", "Of the 8 rolls 3 are left, so 3/8 of the tray is full.", "3/8", True),
    ("the parts of a share", "Of the 8 rolls 3 are left, so 3/8 of the tray is full.", "8", False),
    ("some of them", "The club bought 20 chairs and 6 broke, so 14 of the 20 can be used.", "14", True),
    ("all of them", "The club bought 20 chairs and 6 broke, so 14 of the 20 can be used.", "20", False),
    ("in bold at the beginning", "Six of the 20 chairs broke, so **14** chairs are whole.", "14", True),
    ("so many more", "Therefore, there are **four** more chairs than tables in the hall.", "4", True),
    ("so many fewer", "So there are four fewer chairs than tables.", "4", True),
    ("more than another", "So there are four more than ten of them.", "4", False),
    ("one by another", "So the rug is four by six feet.", "4", False),
    ("a figure's number", "So the chairs stand as in Figure14b there.", "14", False),
    ("in Chinese", "所以俱乐部买了14把椅子。", "14", True),
    ("counted in Chinese", "所以桌上放着两个苹果。", "2", True),
    ("in bold", "Thus the club bought **14** of the 20 chairs.", "14", True),
    ("not the one in bold", "Thus the club bought **14** of the 20 chairs.", "20", False),
]

YEARS = [
    ("the only year", "The line peaks in 2014 at the top of the chart.", "2014", True),
    ("beside a number", "In 2014 the line peaks at 37 units.", "2014", True),
    ("another year", "The line peaks in 2014 at the top of the chart.", "2015", False),
    ("two years", "The line falls between 2014 and 2016.", "2014", False),
    ("denied", "The line did not peak in 2014.", "2014", False),
    ("an amount", "The club paid $2014 for its chairs this spring.", "2014", False),
    ("beside what is counted", "So the club bought 14 chairs in 2014.", "2015", False),
    ("with decimals", "The line peaks at 2014.5 units in spring.", "2014", False),
    ("asked", "Did the line peak in 2014?", "2014", False),
    ("doubted", "The line might peak in 2014.", "2014", False),
]

MOMENTS = [
    ("a time at the end", "The bus gets to the school at 4:30.", "4:30", "time", True),
    ("with its half of the day", "The bus gets to the school at 4:30 p.m.", "4:30 PM", "time", True),
    ("in bold", "The bus gets there at **4:30** on most days.", "4:30", "time", True),
    ("another time", "The bus gets to the school at 4:45.", "4:30", "time", False),
    ("the other half of the day", "The bus gets to the school at 4:30 p.m.", "4:30 AM", "time", False),
    ("denied", "The bus does not get there at 4:30.", "4:30", "time", False),
    ("the beginning of it", "The bus leaves at 4:30 and arrives at 5:10.", "4:30", "time", False),
    ("a date at the end", "The fair begins on May 6, 2021.", "May 6, 2021", "date", True),
    ("a date turned around", "The fair begins on 6 May 2021.", "May 6, 2021", "date", True),
    ("another day", "The fair begins on May 7, 2021.", "May 6, 2021", "date", False),
    ("a doubtful date", "The fair might begin on May 6, 2021.", "May 6, 2021", "date", False),
    ("asked", "Does the fair begin on May 6, 2021?", "May 6, 2021", "date", False),
]

FORMULAS = [
    ("the last formula", "Hence all solutions satisfy $x > 3$.", "x > 3", "inequality", True),
    ("an interval in words", "Hence all solutions lie in the interval $(3, 7)$.", "(3,7)", "interval", True),
    ("the other brackets", "Hence all solutions lie in the interval $[3, 7]$.", "(3,7)", "interval", False),
    ("a pair", "Thus the lines cross at the point (2, -1).", "(2,-1)", "tuple", True),
    ("a pair turned around", "Thus the lines cross at the point (-1, 2).", "(2,-1)", "tuple", False),
    ("one of two pairs", "The corner is at either (3,-2) or (2,-1)", "(2,-1)", "tuple", False),
    ("one of two formulas", "Hence the corner is $(3,-2)$ or $(2,-1)$.", "(2,-1)", "tuple", False),
    ("both of two formulas", "Hence the solutions are $x=3$ or $x=5$.", "{3,5}", "set", True),
    ("one of two relations", "Hence we have x < 2 or x > 5.", "x > 5", "inequality", False),
    ("an equation", "Thus the line is given by $y = 2x + 1$.", "y=2x+1", "equation", True),
    ("another equation", "Thus the line is given by $y = 2x - 1$.", "y=2x+1", "equation", False),
    ("a list in bold", "The gaps are, in order, **3, 6, 12**.", "[3, 6, 12]", "list", True),
    ("a list in order", "So the gaps are in order 3, 6, 12.", "[3, 6, 12]", "list", True),
    ("a list from one side", "The gaps are, from left to right, 3, 6 and 12.", "[3, 6, 12]", "list", True),
    ("a list in another order", "The gaps are, in order, **6, 3, 12**.", "[3, 6, 12]", "list", False),
    ("a list behind the verb", "The years above the line are 2016, 2018 and 2020.", "[2016,2018,2020]", "set", True),
    ("a shorter list", "The years above the line are 2016 and 2018.", "[2016,2018,2020]", "set", False),
    ("a chain of arrows", "The order is: 3 → 1 → 2", "[3,1,2]", "list", True),
    ("another order", "The order is: 1 → 3 → 2", "[3,1,2]", "list", False),
    ("a ratio", "Hence the areas are in the ratio 2:3.", "2:3", "ratio", True),
    ("the ratio turned around", "Hence the areas are in the ratio 3:2.", "2:3", "ratio", False),
    ("a denied relation", "Hence it does not follow that $x > 3$.", "x > 3", "inequality", False),
    ("a condition", "If $x > 3$ then the root is real.", "x > 3", "inequality", False),
    ("a term", "So the area of the plot is $6a + 2$.", "6a+2", "expression", True),
    ("another term", "So the area of the plot is $6a - 2$.", "6a+2", "expression", False),
]


def _ids(cases: list[tuple[object, ...]]) -> list[str]:
    return [str(case[0]) for case in cases]


@pytest.mark.parametrize(("kind", "response", "options", "gold", "correct"), OPTIONS, ids=_ids([*OPTIONS]))
def test_an_option_in_a_sentence(kind: str, response: str, options: tuple[str, ...], gold: str, correct: bool) -> None:
    assert grade(response, gold, "choice", options).correct is correct


@pytest.mark.parametrize(("kind", "response", "gold", "correct"), SEVERAL, ids=_ids([*SEVERAL]))
def test_several_options(kind: str, response: str, gold: str, correct: bool) -> None:
    assert grade(response, gold, "multichoice", PLACES).correct is correct
    longer = f"We hold each of them against the plan of the house, in turn.\n\n{response}"
    assert grade(longer, gold, "multichoice", PLACES).correct is correct


@pytest.mark.parametrize(("kind", "response", "options", "gold", "correct"), SAYS, ids=_ids([*SAYS]))
def test_a_verdict(kind: str, response: str, options: tuple[str, ...] | None, gold: str, correct: bool) -> None:
    assert grade(response, gold, "choice" if options else "text", options).correct is correct


@pytest.mark.parametrize(("kind", "response", "gold", "correct"), TEXTS, ids=_ids([*TEXTS]))
def test_a_text(kind: str, response: str, gold: str, correct: bool) -> None:
    assert grade(response, gold, "text").correct is correct


@pytest.mark.parametrize(("kind", "response", "gold", "correct"), NUMBERS, ids=_ids([*NUMBERS]))
def test_a_number(kind: str, response: str, gold: str, correct: bool) -> None:
    assert grade(response, gold, "number").correct is correct


@pytest.mark.parametrize(("kind", "response", "gold", "correct"), YEARS, ids=_ids([*YEARS]))
def test_a_year(kind: str, response: str, gold: str, correct: bool) -> None:
    assert grade(response, gold, "year").correct is correct


@pytest.mark.parametrize(("kind", "response", "gold", "gold_type", "correct"), MOMENTS, ids=_ids([*MOMENTS]))
def test_a_time_or_a_date(kind: str, response: str, gold: str, gold_type: str, correct: bool) -> None:
    assert grade(response, gold, gold_type).correct is correct


@pytest.mark.parametrize(("kind", "response", "gold", "gold_type", "correct"), FORMULAS, ids=_ids([*FORMULAS]))
def test_a_formula(kind: str, response: str, gold: str, gold_type: str, correct: bool) -> None:
    assert grade(response, gold, gold_type).correct is correct
