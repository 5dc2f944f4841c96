"""Groups of answers to one question with their true classes: (options or None, classes, each a tuple of spellings).

Every group stands for sixteen rollouts: the spellings are repeated in turn until there are sixteen of them.
"""

from __future__ import annotations

from typing import NamedTuple


class Group(NamedTuple):
    classes: tuple[tuple[str, ...], ...]
    choices: tuple[str, ...] | None = None


ABCD = ("A", "B", "C", "D")

GROUPS = (
    # numbers
    Group((("5", "5.0", r"\frac{10}{2}", "5.00", "x=5"), ("6",), ("-5",))),
    Group((("0.5", r"\frac12", "1/2", "½", r"50\%"), ("0.25", r"\frac14"), ("5",))),
    Group((("1234", "1,234", r"1\,234", "1{,}234"), ("1235",), ("(1,234)",))),
    Group((("3.14",), (r"\pi", "π", "pi"), ("3.1416",), ("22/7", r"\frac{22}{7}"))),
    Group((("0.333",), ("1/3", r"\frac{1}{3}", r"0.\overline{3}"), ("0.3333",))),
    Group((("9007199254740993",), ("9007199254740992",), ("9,007,199,254,740,994",))),
    Group((("2^{100}", "1267650600228229401496703205376"), ("1267650600228229401496703205377",))),
    Group((("6.02e23", r"6.02\times10^{23}", "6.02×10²³"), (r"6.02\times10^{22}",), ("6.02",))),
    Group((("-7", "−7", "－7", r"-\frac{14}{2}"), ("7",), ("~70",))),
    Group((("2.5", r"2\frac12", "5/2", "2½"), ("1",), ("25",), (r"\frac{21}{2}",))),
    Group((("120", "5!", "120."), ("5",), ("24", "4!"))),
    Group((("0", "0.0", "-0"), ("10^{-30}",), (r"\emptyset",))),
    Group((("100", "1e2", "10^2", "100.0"), ("99.999",), ("100.001",))),
    Group((("7", "7.", "+7"), ("7.4",), ("6.9",), ("8",))),
    Group((("1/55",), ("1/60",), ("0.0167",))),
    Group((("2^{-99}", r"\frac{1}{2^{99}}"), (r"\frac{1}{2^{98}}",), ("0",))),
    Group((("9**9**9",), ("9^{9^{8}}",), ("9",))),
    Group((("25%", "0.25", r"\frac{1}{4}"), ("25",), ("2.5%",))),
    Group((("204_5", "204_{5}"), ("204",), ("204_6",))),
    Group((("1000000", "1,000,000", "10^6"), ("1000001",), ("999999",))),
    # radicals and constants
    Group(((r"2\sqrt{3}", r"\sqrt{12}", "2√3", r"\frac{6}{\sqrt3}"), (r"3\sqrt{2}",), ("3.46",), (r"\sqrt{6}",))),
    Group(((r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt2}", r"\sqrt{0.5}", r"\sin 45^\circ"), (r"\sqrt2",), ("0.707",))),
    Group(((r"12\pi", "12π", r"\pi\cdot12", "12*pi"), ("37.7",), ("12",))),
    Group(((r"\sqrt[3]{2}", "2^{1/3}", "∛2"), (r"\sqrt2",), (r"3\sqrt2",))),
    Group(((r"1+\sqrt{5}", r"\sqrt5+1", r"\frac{4}{\sqrt5-1}"), (r"1-\sqrt5",), (r"\sqrt6",))),
    Group(((r"\frac{\pi}{6}", r"\pi/6", r"\arcsin\frac12"), (r"\frac{\pi}{3}",), ("0.5236",))),
    Group(((r"e^2", r"\exp(2)", r"e\cdot e"), ("2e",), ("7.389",))),
    Group(((r"\ln 8", r"3\ln 2"), (r"\ln 6",), (r"\log 8",))),
    Group(((r"\log_2 8", "3"), ("8",), ("2",))),
    Group(((r"\sqrt{2}+\sqrt{3}", r"\sqrt{5+2\sqrt6}"), (r"\sqrt5",), (r"\sqrt{5}+\sqrt0+10^{-9}",))),
    Group(((r"\tan 60^\circ", r"\sqrt{3}"), (r"\tan 60",), ("1.73",))),
    Group(((r"4\pi-8", r"4(\pi-2)", r"-8+4\pi"), (r"4\pi+8",), (r"8-4\pi",))),
    # units
    Group((("12 cm", r"12\text{ cm}", "12", r"12\,\mathrm{cm}", "12 centimeters"), ("13 cm", "13"), ("12 kg",))),
    Group((("3 hours", "3 h", "3", r"3\text{ hrs}", "180 minutes"), ("2 hours",), ("30",))),
    Group((("30^\\circ", "30°", "30", "30 degrees"), ("60^\\circ", "60"), (r"\frac{\pi}{4}",))),
    Group((("24 cm^2", r"24\text{ cm}^2", "24", "24 square centimeters", "24 cm²"), ("24 cm^3",), ("12",))),
    Group((("$5", r"\$5", "5", "5 dollars"), ("$50",), ("5 cents",))),
    Group((("15 m/s", r"15\text{ m/s}", "15"), ("15 km/h",), ("4.17",))),
    Group((("2 kg", r"2\text{ kg}", "2000 g", "2"), ("20",), ("200 g",))),
    Group((("36°C", r"36^\circ\text{C}", "36"), ("96.8°F",), ("63",))),
    Group((("7 apples", r"7\text{ apples}", "7"), ("8",), ("17",))),
    Group((("12厘米", "12 cm", "12"), ("21",), ("12万",))),
    Group((("1.5 m", "150 cm", "1.5"), ("15 m",), ("1.05",))),
    # labels
    Group((("x=3", "3", "x = 3.0"), ("x=-3", "-3"), ("x=4",))),
    Group((("40^\\circ", r"\angle ABC=40^\circ", "40"), ("140",), ("50°",))),
    Group(((r"S=6", "6", r"S_{\triangle ABC}=6"), ("12",), ("3",))),
    Group((("AB=10", "10"), ("AB=8",), ("5",))),
    # expressions
    Group((("x^2-1", "(x-1)(x+1)", "-1+x^2"), ("x^2+1",), ("(x-1)^2",), ("1-x^2",))),
    Group((("2^{n+1}", r"2\cdot2^n"), ("2^n+1",), ("2^{n-1}",))),
    Group((("|x-1|", "|1-x|", r"\lvert x-1\rvert"), ("x-1",), ("1-x",), ("|x+1|",))),
    Group(((r"\frac{a+b}{2}", "(a+b)/2", r"\frac a2+\frac b2"), ("a+b/2",), (r"\frac{ab}{2}",))),
    Group(((r"\sin 2x", r"2\sin x\cos x"), (r"2\sin x",), (r"\sin^2x",))),
    Group(((r"\sin^2 x", r"1-\cos^2x", r"(\sin x)^2"), (r"\cos^2x",), (r"\sin x",))),
    Group(((r"\pi r^2", "πr²", r"r^2\pi"), (r"2\pi r",), (r"\pi r^3",))),
    Group((("n(n+1)", "n^2+n"), ("n^2+1",), ("n^2",))),
    Group((("3a-2b", "-2b+3a"), ("3a+2b",), ("2b-3a",))),
    Group(((r"\frac{1}{x}+1", r"\frac{x+1}{x}"), (r"\frac{1}{x+1}",), ("1+x",))),
    Group(((r"\sqrt{ab}", r"\sqrt{ba}", "(ab)^{1/2}"), ("ab",), (r"\sqrt{a+b}",))),
    Group((("4m", r"m\cdot4", "m+3m"), ("4n",), ("4m^2",), ("m",))),
    Group((("2h", "h+h"), ("h^2",), ("2",))),
    Group((("f(2)+1", "1+f(2)"), ("f(3)+1",), ("2f+1",))),
    # complex numbers, infinity, matrices
    Group((("3+4i", "4i+3"), ("3-4i",), ("7",), ("5",))),
    Group((("i", r"\sqrt{-1}", r"\frac{-1}{i}"), ("-i",), ("1",))),
    Group(((r"\infty", "∞", r"+\infty"), (r"-\infty",), ("0",))),
    Group(
        (
            (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{bmatrix}1&2\\3&4\end{bmatrix}"),
            (r"\begin{pmatrix}1&3\\2&4\end{pmatrix}",),
            ("-2",),
        )
    ),
    Group(
        (
            (r"\begin{pmatrix}1\\-2\end{pmatrix}", r"\begin{bmatrix}1\\-2\end{bmatrix}"),
            (r"\begin{pmatrix}1&-2\end{pmatrix}",),
        )
    ),
    # lists, sets, tuples
    Group((("(3,-4)", "(3, -4)", r"\left(3,-4\right)", "P(3,-4)", "(6/2,-4)"), ("(-4,3)",), ("(3,4)",))),
    Group(((r"\{1,2\}", r"\{2,1\}", "1, 2"), (r"\{1,3\}",), ("12",))),
    Group(((r"\pm3", "3, -3", r"x=\pm3", "x=3 or x=-3", r"\{3,-3\}"), ("3",), ("-3",), ("9",))),
    Group((("x=1 or x=4", r"\{1,4\}", "4 or 1", "x_1=1, x_2=4"), ("1",), ("4",), ("(4,1)",))),
    Group((("6, 31, -1", "6,31,-1"), ("6, -1, 31",), ("631-1",))),
    Group((("2007, 2008", "2007 and 2008", "[2007, 2008]"), ("2007",), ("2006, 2008",))),
    Group(((r"2\pm\sqrt3", r"2+\sqrt3\text{ or }2-\sqrt3", r"\{2-\sqrt3,2+\sqrt3\}"), (r"2+\sqrt3",), (r"\pm\sqrt3",))),
    Group((("Alice, Bob", "Alice and Bob"), ("Alice or Bob",), ("Alice",))),
    Group((("(1,2)", "(1, 2)"), (r"\{1,2\}",), ("(2,1)",))),
    Group((("(0,0), (1,1)", "(0,0) and (1,1)"), ("(0,0)",), ("(1,1),(0,1)",))),
    # intervals, inequalities, equations
    Group((("x>2", r"(2,\infty)", "2<x", r"x\in(2,\infty)", "2x>4"), (r"x\ge2", r"[2,\infty)"), ("x<2",), ("2",))),
    Group((("[2,5)", r"2\le x<5", "5>x≥2"), ("(2,5)",), ("[2,5]",))),
    Group((("(1,3)", "1<x<3", r"x\in(1,3)"), ("[1,3]",), ("(1,4)",))),
    Group(
        (
            (r"(-\infty,2)\cup(3,\infty)", r"x<2\text{ or }x>3", "(3,∞)∪(−∞,2)"),
            ("(2,3)",),
            (r"(-\infty,2]\cup[3,\infty)",),
        )
    ),
    Group(((r"x\ne2", r"(-\infty,2)\cup(2,\infty)", "x≠2"), ("x=2", "2"), ("x>2",))),
    Group((("|x|<3", "-3<x<3"), ("|x|>3",), ("x<3",))),
    Group((("y=2x+1", "2x-y+1=0", "y-1=2x"), ("y=2x-1",), ("y=x+1",))),
    Group((("3x-y+13=0", "y=3x+13", "6x-2y+26=0"), ("3x+4y+14=0",), ("3x-y=13",))),
    Group((("x^2+y^2=25", "x^2+y^2-25=0", "y^2+x^2=5^2"), ("x^2+y^2=5",), ("x+y=5",))),
    Group((("xy=6", r"y=\frac6x"), ("x+y=6",), ("y=6x",))),
    Group((("E=mc^2", "mc^2=E"), ("E=mc",), ("E=m^2c",))),
    Group((("a<b<c", "c>b>a"), ("a<c<b",), ("b<c",))),
    # words
    Group((("Yes", "yes", "YES.", r"\text{Yes}"), ("No", "no"), ("yes or no",))),
    Group((("parallel", "Parallel", r"\text{parallel}"), ("not parallel",), ("perpendicular",), ("parallelogram",))),
    Group(
        (
            ("isosceles triangle", "Isosceles Triangle", "an isosceles triangle"),
            ("triangle",),
            ("equilateral triangle",),
        )
    ),
    Group((("listen", "Listen"), ("silent",), ("enlist",))),
    Group((("New York", "new york", "New  York."), ("York",), ("New Jersey",))),
    Group((("RGGR", "rggr"), ("GRRG",), ("RGRG",))),
    Group((("no", "No."), ("on",), ("none",))),
    Group((("1990s", "the 1990s"), ("1990",), ("1980s",))),
    Group((("cannot be determined", "Cannot be determined."), ("determined",), ("0",))),
    Group((("等腰三角形", "等腰三角形。"), ("三角形",), ("等边三角形",))),
    Group((("Q3", "q3"), ("Q2",), ("3Q",))),
    # times and ratios
    Group((("3:30", "03:30", r"3\!:\!30"), ("0.1",), ("3:03",), ("330",))),
    Group((("7:40", "7 : 40", "7∶40"), ("40:7",), ("7.40",))),
    # choices
    Group((("B", "(B)", "b", r"\text{B}", "B."), ("A",), ("C", "(C)")), ABCD),
    Group((("B", "12", "B. 12", "(B) 12", "24/2"), ("A", "10"), ("A or B",)), ("10", "12", "14", "16")),
    Group((("E", "(E) 12 m", "12 m", "12"), ("D", "11 m"), ("6 m",)), ("6 m", "8 m", "10 m", "11 m", "12 m")),
    Group(
        (("D", "a square", "A square", "(D) a square"), ("C",), ("not a square",)),
        ("a triangle", "a circle", "a right-angled triangle", "a square"),
    ),
    Group(
        (("C", r"\frac{\sqrt3}{2}", r"\sqrt{0.75}"), ("B", r"\frac{1}{\sqrt2}"), ("0.87",)),
        ("$\\frac12$", "$\\frac{\\sqrt2}{2}$", "$\\frac{\\sqrt3}{2}$", "$1$"),
    ),
    Group((("A, C", "AC", "A and C", "C, A"), ("A",), ("B",), ("A, B",)), ("1", "2", "3", "4")),
    Group((("A", "Yes", "A. Yes"), ("B", "No"), ("Yes or No",)), ("Yes", "No")),
    Group((("C", "(C)"), ("B",), ("D",))),
    Group((("A",), ("B", r"\textbf{(B)}"), ("E",))),
)
