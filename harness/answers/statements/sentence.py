"""What one sentence asserts: whether it asserts anything, and the value or the option that it gives.

"Therefore, the number of objects left is 7." gives 7; "Damon needs $24 to buy a steak." gives $24; "The missing piece is
option C." gives C. Questions, denials, doubts and suppositions give nothing, nor does a number that merely occurs.
"""

from __future__ import annotations

import re

from ..lexer import names
from ..units import CURRENCY_SIGNS
from .doubt import DENIED_ELSEWHERE, FORMER, IF, REFUTED, may_doubt, refuted_behind, rests_on_doubt, words_in
from .preparation import counted_behind, gives_nothing, is_question

FITS = re.compile(
    r"[*_]{0,3}\s(?:(?:therefore|thus|also|clearly|indeed)\s)?(?:fits|works|holds|matches|satisfies|meets|is it\b|"
    r"is what|it (?:is|must)|"
    r"remains|is left|has|shows|agrees|completes|continues|is the (?:one|option|only)\b"
    r"(?!\s(?:one\s|option\s)?(?:that|which|who)\s(?:\w+\s){0,2}?(?:\w*n['’]t|not|cannot|never|fails?)\b)"
    r"|is (?:right|correct|true))\b"
)
"""What is said of an option that is chosen."""
LONGEST = 600  # characters of a sentence that is looked at
_LONGEST_MARK = 24  # characters of one that is only an option
DASHED = r"(?<=[^\s(])(?:\s?[—–]|\s--?)\s?(?=(?-i:[a-z]{1,12}(?:['’][a-z]+)?,?\s[a-z]+,?\s\w))"
"""A dash with an explanation behind it: 11 — there are six on the left."""
VERDICT = (
    r"[\s*_`>]{0,8}(yes|no|true|false)\b[*_`]{0,3}(?=[\s,.;:!—–-]|\Z)"
    r"(?!,?\s(?:and|or|if|is|wait|idea|answer|option|choice|one|information|clue|solution|data|match|doubt|would)\b)"
)
"""A text that begins with one of these words, and gives them as an answer."""
_NUMBERS = (
    r"zero|(?<!only )(?<!the )(?<!this )(?<!that )(?<!right )(?<!correct )one(?!\s(?:that|which|who|with|whose)\b)|two|"
    "three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
_SIGN = rf"(?:\\?[{CURRENCY_SIGNS}])"
NUMBER = (
    rf"(?:(?:(?i:minus|negative)\s(?=\d))?(?:US|USD|RMB)?\s?{_SIGN}?\s?[-+−–±~≈]?\s?{_SIGN}?\s?\.?\d"
    r"|[-−]?\\(?:frac|dfrac|tfrac|sqrt|pi|left|(?:text|mathrm|mathbf|textbf|boldsymbol)\{\s?\d|infty)"
    r"|[-−]?[√π∞½¼¾⅓⅔]|(?:[A-Z]['′’]?\s?)?[(\[{]\s?[-−+]?\s?(?:\d|\\(?:frac|sqrt|infty|pi)|∞)"
    rf"|(?i:(?:minus |negative )?(?:{_NUMBERS}))(?![a-z])|[一二三四五六七八九十百]{{1,6}}分之[一二三四五六七八九十百])"
)
_OPENING = r"(?:[*_`\"“]{0,4}(?:\\\(|\\\[|\${1,2})?\s?[*_`]{0,3})"
NOUN = (
    r"(?i:option|choice|answer|letter|figure|fig\.|picture|image|shape|diagram|graph|group|box|net|tile|pattern|"
    r"drawing|band|"
    r"object|piece|panel|set|card|part|line|curve|point|block|cube|plot|table|chart|photo|sketch|symbol|square|circle|"
    r"triangle|path|route|container|glass|jar|bottle|map|view|solid|model|sequence|statement|column|row|item|number|"
    r"alternativa|opción|opção|opzione|réponse|lettre|lettera|letra|Antwort|"
    r"situation|case|pair|segment|angle|bar|flag|key|design|arrangement|position|illustration|puzzle)"
)
_ONE_LETTER = (
    rf"{_OPENING}(?:{NOUN}s?\s{{1,2}}{_OPENING}|选项\s?|[图図][形案片像]?\s?|形状\s?)?(?:\\text\{{\s?)?"
    r"(?:[(\[]\s?[A-Z]\s?[)\]]|[A-Z](?![\w'’′(-]))"
)
_LETTER = rf"{_ONE_LETTER}(?:(?:\s?,\s?(?:(?:and|or)\s)?|\s(?:and|or|&)\s){_ONE_LETTER}){{0,8}}"
LONE_LETTER = re.compile(r"(?<![\w'’\\$])[(\[*\"“']{0,4}([A-Z])[)\]*\"”']{0,4}(?![\w'’])")
ARTICLE = re.compile(
    r"(?<![\w'’])(?:I\s|A\s(?!(?:is|are|has|was|and|or|does|do|will|can|to|in|would|must|lies|shows|contains|fits|matches|"
    r"completes)\b)(?=[a-z]))"
)
"""A letter that names no option: A bar, I think."""
_HEDGES = (
    r"(?:(?i:exactly|only|just|about|approximately|approx\.?|around|roughly|therefore|thus|then|hence|simply|also|at|"
    r"equal to|equals|given by|clearly|indeed|actually|a total of|found to be|estimated (?:to be|at)|the|now|"
    r"closest to|"
    r"(?:the )?(?:correct|right|best)|labell?ed|of|as|be|to be|worth|some|a mere|consequently|accordingly|"
    r"obviously|evidently|"
    r"precisely|definitely|certainly|naturally|finally|indeed|altogether)\s{1,2}){0,4}"
)
_RESULT = re.compile(
    r"(?:,\s(?:(?:and|which|that|so)\s)?(?:(?:thus|thereby|therefore|hence)\s)?|\s(?=(?:(?:adds?|added) up|"
    r"amount(?:s|ed)?|comes?|came) to\s|makes?\s\d|(?:simplifies|reduces) (?:this |it )?to\s"
    r"|(?:(?:we|you|i|he|she|it|they|and)\s)(?:then\s|finally\s)?(?:lands?|ends?|finish(?:es)?|stops?|arrives?)\s"
    r"|(?:brings|takes|leads)\s(?:us|you|him|her|it|them)\s(?:back\s|down\s|up\s)?to\s))"
    r"(?i:giving|gives|making|makes|make|at (?:about|roughly|approximately|around)|with (?=\d[\d.,]*\s?%?\Z)|"
    r"an?\s(?:\w{3,12}\s)?(?:increase|decrease|rise|drop|fall|gain|loss|decline|reduction)\sof|"
    r"(?:we|i) (?:obtain|get|find|have|arrive at)|(?:(?:we|you|i|he|she|it|they|and)\s)?(?:then\s|finally\s)?(?:lands?|"
    r"ends?|finish(?:es)?|stops?|arrives?)\s(?:up\s)?(?:at|on)|"
    r"(?:brings|takes|leads)\s(?:us|you|him|her|it|them)\s(?:back\s|down\s|up\s)?to|(?:the|"
    r"an?)\s[a-z ]{2,40}\sbeing|with (?=an? (?:\w+ )?(?:value|total|height|share|sum) of)|"
    r"(?:simplifies|reduces) (?:this |it )?to|yielding|yields|leaving|leaves|result(?:ing|s) in|totall?ing|totals|"
    r"producing|"
    r"(?:adding|adds?|added) up to|amount(?:ing|s|ed)? to|com(?:ing|es?) to|came to|equall?ing|for (?=an? "
    r"(?:\w+ )?total)|"
    r"(?:bringing|brings|putting|puts|taking|takes) [^,.;\d]{1,40}? (?:to|at))\s{0,2}(?:us\s|you\s|it\s|up\s)?"
    r"(?:(?i:an?|the)\s(?:(?:[a-z-]{2,12}\s){1,3}of\s|(?:fraction|ratio|value|total|sum|number|share|result)\s))?"
    rf"{_HEDGES}(?:\$?[a-zA-Z]\s?=\s?)?(?P<value>{_OPENING}{NUMBER}(?:\d*:\d+|"
    rf"[\d,]*\d)?[^,;:=]{{0,40}})(?:,\sthe\s[^,;=\d]{{1,60}})?\Z"
    rf"|,\s(?P<all>{NUMBER}[^,;:=]{{0,30}}\s(?:altogether|in total|in all|overall))\Z"
)
_CHINESE_LAST = re.compile(
    r"[，；,](?:[^，；。\d]{0,20}?[\u4e00-\u9fff])?(?:是|为|占|即|等于|得|达|达到|剩|共|"
    r"有)[^，；。\d=＝\\]{0,8}?(?P<value>(?:百分之)?\d[\d.]*"
    r"[^，；。\d]{0,8})\Z"
)
_CHINESE_MORE = re.compile(
    r"比[^，；。,;\d]{1,20}?[多少快慢长短高低重轻大小贵矮远近](?:了|出)?\s?(?P<value>\d[\d.]*[^，；。,;\d=＝\\]{0,8})\Z"
)
"""A difference: 所以A比B多3个."""
_RESULTING = frozenset(
    names(
        "obtain get find have arrive make about roughly approximately around "
        "being with simplifies reduces added amounted came altogether total "
        "all overall "
        "giving gives making makes yielding yields leaving leaves resulting results totalling totaling totals "
        "producing adding adds "
        "amounting amounts coming comes equalling equaling for bringing brings putting puts taking takes add "
        "increase decrease rise drop fall gain loss decline reduction "
        "amount come land lands end ends finish finishes stop stops arrive arrives leads"
    )
)
"""What a computation ends in: 5 rows of 3, giving 15; 4 were eaten, which leaves 6."""
_COPULA = re.compile(
    rf"(?:\b(?i:is|are|was|were|be|equals|equal|becomes|has been|totals|"
    r"ist|sind|beträgt|ergibt|est|sont|vaut|es|vale|é|è|são|sono)(?![\w'’])\s{0,3}[:：]?\s{0,3}"
    r"|\b(?i:gives|which leaves|yields)(?:\sus|\syou)?\s{1,2}|\b(?i:it|that)['’]s\s{1,2}"
    r"|\b(?i:is|are)\snot\s\S{1,12}(?:\s\S{1,12})?,?\sbut\s(?:rather\s)?|[=≈]\s{0,3}|\\approx\s{0,3}|(?:是|为|等于|"
    r"有|得|は|需要|剩下?|共)\s{0,2})"
    rf"{_HEDGES}(?P<value>{_OPENING}{NUMBER}|{_LETTER})"
)
_COPULAS = frozenset(
    names(
        "is are was were be equals equal becomes has totals gives which yields it that = ≈ \\approx "
        "是 为 等 有 得 は 需 剩 共 "
        "ist sind beträgt "
        "ergibt est sont vaut es vale é è são sono"
    )
)
"""What a copula begins with."""
_COPULA_SPOT = re.compile(
    rf"(?<![A-Za-zäãéè])(?i:{'|'.join(sorted(word for word in _COPULAS if 'a' <= word[0] < 'ω'))})(?![A-Za-zäãéè])"
    r"|[=≈是为等有得は需剩共]|\\approx"
)
_VALUE = re.compile(rf"{_HEDGES}{_OPENING}{NUMBER}")
_VERB = re.compile(
    r"\b(?i:gives? (?:us|you)|leaves us with|left with|"
    r"has|have|had|needs?|costs?|spends?|spent|pays?|paid|earns?|earned|makes?|made|gets?|got|takes?|took|gives?|gave|"
    r"contains?|shows?|reads?|leaves?|left|weighs?|measures?|sold|sells?|saves?|saved|receives?|received|owes?|holds?|"
    r"carry|carries|travell?(?:s|ed)?|scores?|scored|reach(?:es|ed)?|(?:comes?|came) (?:out )?(?:to|as|at)|"
    r"amount(?:s|ed)? to|"
    r"made (?:up )?of|consists? of|il y a(?: donc)?|adds? up to|(?:works?|turns?|comes?) out (?:as|at|to)|ends? "
    r"up (?:with|at)|(?:evaluates|simplifies|reduces) to|"
    r"results? in|obtain|find|arrive at|"
    r"(?:brings?|takes?|raises?|puts?|lowers?|reduces?|increases?|decreases?)\s[^,.;\d]{1,40}?\s(?:to|at)|"
    r"(?:rises?|rose|falls?|fell|drops?|dropped|grows?|grew|climb(?:s|ed)|decline[sd]|decrease[sd]|increase[sd])\sto|"
    r"(?:sits?|stands?|settles?) at|"
    r"total|remains?|there (?:is|are|were|was|remain|must be|will be|would be)|(?:stands?|counts?) for|"
    r"represents?|denotes?)"
    r"\s{1,2}"
    r"(?:(?i:an?|the)\s{1,2}(?:[a-z-]{2,20}\s{1,2}){1,3}of\s{1,2}"
    r"|(?:(?<=takes )|(?<=took )|(?<=costs )|(?<=cost )|(?<=leaves )|(?<=gives )|(?<=saves )|(?<=earns ))"
    r"(?:(?:the|his|her|their|each)\s[a-z]{2,14}|him|her|them|us|you|it|[A-Z][a-z]{1,14})\s(?:with\s)?)?"
    rf"{_HEDGES}(?P<value>{_OPENING}{NUMBER})"
)
_PAST = re.compile(
    r"(?:(?!\b(?:is|are|was|were|has|have|had|shows?|will|can|must|with|that|which|who|we|i)\b)[^,;.]){3,60}?\b"
    r"(?!(?:labell?|mark|number|nam|call|divid|add|subtract|multipli|squar|need|bas|rais|round|denot|follow|"
    r"plott|shad|"
    rf"circl|expect|fail|inde|involv)ed\b)[a-z]{{2,12}}ed\s{{1,2}}{_HEDGES}(?P<value>{_OPENING}{NUMBER})",
    re.IGNORECASE,
)
"""The county planted 5,000 trees."""
_IN = re.compile(rf"\b(?i:in|in the year)\s{{1,2}}{_HEDGES}(?P<value>{_OPENING}{NUMBER})(?!\d{{0,4}}\s[a-z]+s\s)")
_POINTS = re.compile(
    r"(?:\b(?i:corresponds? to|left with|makes it|going with|matches|belongs? to|replaced by|choose|select|pick|"
    r"chose|selected|matching|get(?=\s{1,2}\W{0,3}[A-Z]\W{0,3}\Z)|"
    r"(?:i|we|let['’]s|let us)(?:['’](?:ll|d|m)|\swould|\swill|\sam|\sare)?\s(?:mark|tick|circle|take|say|"
    r"go(?:ing)? with|go for|"
    r"vote for|settle (?:on|for))|(?:is|are|be) "
    rf"(?:shown|labell?ed|represented|given) (?:in|by|as|with)|answer)"
    r"|\b(?i:(?:this|that|which)\sleaves|leaving|leaves)(?:\sus)?(?:\swith)?"
    rf"(?=\s(?:(?:only|just|the)\s){{0,2}}(?:{NOUN}\s)?[^a-z]{{1,12}}(?:\sas\s(?:the|our)\s[^,;]{{1,40}})?\Z))"
    rf"\s{{1,2}}{_HEDGES}(?P<value>{_LETTER})"
)
_SAID = re.compile(
    r"\b(?i:is|are|was|were|be|equals|becomes)\s{1,2}(?:(?i:called|named|the|a|an|therefore|thus|labell?ed|"
    r":)\s{1,2}){0,2}"
    r"(?P<value>[^\s,;:][^,;:\n]{0,80})$"
)
_COUNTED = re.compile(
    rf"(?P<value>\d[\d.]*\s?\\?%|(?:(?i:{_NUMBERS}|an?)[\s-])?(?i:half|(?:third|quarter|fourth|fifth|sixth|eighth|tenth)s?)(?=\sof\s)|(?:\d[\d,]*(?:\.\d+)?|(?i:{_NUMBERS}))(?!\sof\s)(?:\s[a-z][a-z-]{{1,20}}){{1,3}})\s"
    r"(?:(?<=[%a-z]\s)of\s(?:the|all|these|its|a)\s(?:[a-z]{2,12}\s){1,4})?"
    r"(?:is|are|was|were|can\sbe|remain)\s"
    r"(?:(?:still|now|also)\s)?(?:visible|hidden|free|empty|full|open|closed|blank|vacant|available|occupied|unoccupied|"
    r"whole|alive|off|on|white|black|gr[ae]y|red|blue|green|yellow|left(?:\sover)?|seen|shown|known|unknown|broken|eaten|taken|sold|drawn|missing|remaining|"
    r"absent|present"
    r"|(?!indeed)[a-z-]{2,12}ed|[a-z]{3,8}er\sthan\s\d[\d,.]*(?:\s[a-z]{1,12})?)"
    r"(?:\s(?:in|on|to|for|from|by|at|inside|during|behind)\s[^,;\d]{2,60})?"
)
_OF_THEM = re.compile(
    rf"(?P<value>\d[\d,]*|(?i:(?!one\b)(?:{_NUMBERS})))\s(?:out\s)?of\s(?:the|these|those|its|all(?:\sthe)?)\s"
    r"(?!(?:options|choices|answers)\b)(?:(?:\d[\d,]*|[a-z-]{3,12})\s)?(?!(?:options|choices|answers)\b)(?:[a-z]{2,14}\s){1,2}"
    r"(?:is|are|was|were|has|have|had)\s(?:(?:a|an|the|in|on|at)\s)?(?!(?:wrong|incorrect|not)\b)[a-z-]{2,16}(?:\s[a-z]{2,12}){0,3}"
)
"""Three of the five lamps are on."""
_WITHOUT = re.compile(
    rf"(?:(?:just|only|exactly)\s|(?P<computed>[\d\s+\-−–×*/().]{{3,40}}=\s))?(?P<value>\d[\d,]*|(?i:(?!one\b)(?:{_NUMBERS})))\s(?:(?:out\s)?of\s(?:the|these|those|all)\s"
    r"(?:[\d,]{1,6}\s)?)?(?!(?:options?|choices?|answers?|is|are|was|were|do|does|of|the|times)\b)[a-z][a-z-]{2,20}\s"
    r"(?:(?(computed)(?:is|are|was|were|do|does|did)|(?:do|does|did))(?:\snot|n['’]t)|(?:has|have|had)(?:\snot|n['’]t|\sno)?)\s"
    r"(?!(?:an?|the)\s(?:answer|right answer|correct answer)|correct|right|possible|enough|options|choices)"
    r"[a-z][^,;=:]{2,80}\Z"
)
"""4 students do not like either; 3 of the 7 shapes have no right angle."""
_THOSE_WHO = re.compile(
    r"(?P<value>\d[\d,]*\s[a-z][a-z-]{2,20})\s(?!(?:of|times|plus|minus|per|more|less|and|or|in|to|by|each|are|is|was|were|do|does|"
    r"did|can|cannot|could|may|might|will|would)\b|.*\bnot\b)[a-z]{3,14}\s[^=;]{3,80}\Z"
)
"""31 students scored less than 60 points."""
LEAD = re.compile(
    r"(?:[\s*_#>–•✅☑✔]|-(?![\d.\\$])|\b(?i:so|thus|hence|ergo|therefore|then|finally|overall|consequently|accordingly|"
    r"somit|daher|folglich|insgesamt|donc|ainsi|por (?:lo )?tanto|portanto|entonces|quindi|"
    r"in conclusion|in summary|in total|as a result|and|but|answer|conclusion|final answer|step "
    r"\d{1,2})\b[\s,:*]*){1,8}"
)
CIRCUMSTANCE = re.compile(
    r"(?:(?:if|assuming|supposing|since|because|as|while|although|though|when|whenever|given|based on|according "
    r"to|looking at|from|"
    r"in|on|at|"
    r"(?:counting|adding|reading|subtracting|dividing|multiplying|solving|putting)\b[^;:]{0,200}?(?=,\s(?:it|we|i|"
    r"there|the|this)\b)|"
    r"after|before|by|for|with|using|following|of|among|between|to|once|during|over|under|considering|within|sure|"
    r"yes|no|okay)\b"
    r"(?:[^,;:$(\[]|\$(?=\d)|\$[^$]{1,60}\$|[(\[][^()\[\]]{0,60}[)\]]){0,200}(?:[,:]|\$[^$]{1,60},\$)|(?:因为|"
    r"由于|根据|"
    r"在|如图|从图)[^，,]{0,60}[，,])\s*",
    re.IGNORECASE,
)
FIRM = re.compile(
    r"[\s*_#>\-–•]{0,16}(?i:so|thus|hence|ergo|therefore|finally|overall|consequently|in conclusion|in summary|as a result|"
    r"in total|to answer (?:the|your) question|based on|accordingly|we (?:can )?conclude|this means|it follows|"
    r"also|somit|daher|folglich|insgesamt|donc|ainsi|por (?:lo )?tanto|portanto|entonces|quindi|dunque|"
    r"所以|因此|综上|故|よって|したがって|따라서)(?![a-z])"
)
CLAUSE_END = re.compile(
    r"(?:です|である|となる|입니다|이다)|[;；，。（]|!(?![$)}\d\\])|,(?!\d{3}(?!\d))(?=\s|$)|\.(?=\s|$)|\s\(|\s[—–-]\s(?!\d)|"
    r":\s(?:(?!\d)|(?<!\d:\s)(?<!\d\s:\s))"
    r"|\s(?i:which|because|since|when|while|where|if|so|than|to|for|on|from|with|after|before|between|among|"
    r"that|as|by|but|"
    r"who|whose|meaning|and (?:the|it|this|so|that|has|have|its)|in (?:the|this|that|each|order|all|both)|at "
    r"(?:the|an?)|"
    r"of the|(?:up|down) (?:the|an?|to)|along|across|in (?:1[5-9]|20)\d\d|"
    r"given|making|is|are|was|were|will|would|can|has|have)(?![\w'’-])"
)
_MARKED_TEXT = re.compile(
    r"[,;]\s|\s(?i:which|because|since|where|as it|as the|rather than|instead of)\s|\s(?:and\s|but\s)?not\s(?=\W{0,3}(?:"
    rf"(?i:{NOUN})\s\W{{0,3}})?[A-Z]\b)|\.(?=\s|$)|。"
)
_EMPHASIS = re.compile(r"\*{2,3}|__|`")
_LABEL = re.compile(r"[*_\s\"“$]{0,12}(?:[(\[]\s?[A-Z]\s?[)\]]|" + NOUN + r"|[A-Z](?![\w'’-]))")
LONE_CAPITAL = re.compile(r"[A-Z](?![\w'’-])(?<![A-Za-z][A-Z])")
_SO = re.compile(
    r"[,;]\s(?:and\s)?(?:so|thus|hence|therefore),?\s(?!that\b)|,\s(?P<means>meaning|which means)\s(?:that\s)?"
)
_BRACKET = re.compile(r"[*_$\s]{0,4}(?:\\left\s?)?(?:\\[(\[]\s?)?\\?([(\[{])")
_CLOSES = {"(": ")]", "[": ")]", "{": "}"}
_SOLID = re.compile(r"(?:[\w$\\{}^%/+*-]|\.(?=\d))+", re.ASCII)
"""A value in one piece, without anything behind it."""
_LIST = re.compile(
    rf"{_OPENING}{NUMBER}[^\s,;]{{0,20}}(?:(?:\s?(?<!\\)[,;](?!\d{{3}}(?!\d))\s?(?:(?:and|&|or)\s)?|\s(?:and|&|to|by)\s)"
    rf"{_OPENING}{NUMBER}[^\s,;]{{0,20}}+){{1,12}}+(?!,\d)"
)
_IS_THE_ANSWER = re.compile(
    rf"(?P<value>{_OPENING}{NUMBER}[^,;=]{{0,20}}?)\sis\s(?:therefore\s|thus\s)?(?:the|our|my)\s"
    r"(?:(?:correct|final|right|missing|unknown|required|desired|next)\s)?(?:answer|result|solution|"
    r"(?<=[gntd]\s)(?:value|number|term|digit))\b(?!\s(?:of|for|to)\s(?!(?:the|this|"
    r"our) (?:question|problem)))"
)
_ANSWERS = frozenset(names("answer result solution value number term digit"))
_IT_IS = re.compile(r"\sit (?:is|must be|has to be)\Z")
_NAMED = re.compile(rf"\(?(?P<value>{_ONE_LETTER})\)?")
_ONLY_VALUE = re.compile(rf"{_OPENING}[-−+]?(?:{_SIGN}\s?)?\d[\d,]*(?:\.\d+)?\s?(?:[°%]|[A-Za-z]{{1,12}}[²³]?)?\$?")
_THAN_NUMBER = re.compile(
    rf"{_OPENING}(?:\d[\d,.]*|(?i:{_NUMBERS}))\s(?:more|fewer|less)\sthan\s(?:\d|(?i:{_NUMBERS})\b)"
)
"""What makes of a number another: four more than ten; but not 2 items sold less than 5 times."""
REJECTED = re.compile(
    r"\s(?:(?:has to be|must be|is|are|was|can be|should be|needs to be)\s(?:then\s|therefore\s|thus\s)?"
    r"(?:discarded|rejected|excluded|"
    r"eliminated|ruled out|ignored|dropped|thrown (?:out|away)|extraneous|impossible|invalid|inadmissible|"
    r"not (?:valid|possible|allowed|admissible|a solution))|(?:does|do) not (?:fit|work|satisfy|make sense))\b"
)
"""What is said of a value that does not count: x = -2 has to be discarded."""
_BOUND = re.compile(r"\sat (?:the )?(?:most|least|best|worst)\b")
_SPELLED = re.compile(rf"\b(?i:{_NUMBERS})\b")
_SEPARATED = re.compile(r"[,;&]|\s(?:and|to|by)\s")
_AGAIN = re.compile(rf",\s(?:or|i\.e\.,?|that is,?|namely,?)\s(?P<value>{_OPENING}{NUMBER}[^,;]*)\Z")
_COMPUTED = re.compile(r"\d\S*\s(?:minus|plus|times|divided by|[-+−–×*/÷])\s")
_ELIMINATED = re.compile(r"\b(?:eliminat|exclud|rul(?:es?|ing)\sout|reject|discard|cross)", re.IGNORECASE)
_BECAUSE = re.compile(
    r",?\s(?:because|since)\s[^,;]*\Z|,?\sand (?:it )?(?:is |was )?(?:attained|reached|achieved|occurs|taken)\s[^;,]*\Z"
    r"|\s?,\s(?:attained|reached|achieved|occurring|taken|where|when)\s[^;,]*\Z"
)
_CONTRAST = re.compile(r"(?<=\d),\s(?:while|whereas)\s")
_CONTRASTING = frozenset(("while", "whereas"))
_GIVING_REASONS = frozenset(names("because since attained reached achieved occurring occurs taken where when"))
_SUBJECT = re.compile(
    r"[A-Za-z]{3}|[^\x00-\x7f]|\\[a-z]|[A-Z]{2}"
    r"|\A[\s$(*\\]{0,6}[a-zA-Z]['′]?(?:_\w)?(?:\([a-z\d]\))?[\s$*)\\]{0,4}\Z"
)
_IT = re.compile(r"[\s*_]{0,4}(?:it|he|she)\s(?!is the\b)", re.IGNORECASE)
_SEVERAL = re.compile(r"[=≈][^=≈]{1,60}(?:,|\b(?i:or|and)\b)")
_SEVERAL_COUNTED = re.compile(
    rf"{_OPENING}{NUMBER}\d*\s(?!(?:hours?|feet|ft|meters?|metres?|dollars?|minutes?|pounds?|years?|degrees?|h|kg|km|m)\b)"
    rf"[a-z]{{2,20}}(?:\s[a-z]{{2,20}})?(?:,\s(?:and\s)?|\sand\s){_OPENING}{NUMBER}"
)
"""Several things with their numbers: 6 cubes and 2 spheres."""
_DIMENSION = re.compile(
    r"\b(?:length|width|height|base|depth|breadth|(?:long|short)er side|[a-z])\b(?:\sof\s[^,;=\d]{2,30})?"
    rf"\s(?:is|equals|measures)\s{_HEDGES}(?={_OPENING}{NUMBER})"
)
"""One of a figure's dimensions, or a letter, with its value: the length of the rectangle is 12."""
_DIGIT = re.compile(r"\d")
_DIGITS = re.compile(r"\d[\d,.]*")
_EACH = re.compile(r"\b(?:each|every|per|as|instead|to)\b")
"""What is behind a number that was used on the way: 3 cubes for each face."""
_IN_YEAR = re.compile(r"\s(?:in|by) (?:1[5-9]|20)\d\d\b", re.IGNORECASE)
_ADDS = re.compile(r"\s*(?:\Z|(?:as|which|because|since|while|where|when|according)\b)")
"""What stands behind a main clause, so that what is before it was no mere circumstance."""
_PRONOUN = re.compile(r"[\s*_]{0,12}(?i:this|that|these|those|it|they|there|here|what|i|we|you|he|she)\b")
_WORDS = 6


def value_of(sentence: str, words: bool = False) -> str | None:
    """The number or the option that a sentence gives, or with `words` also the few words that it ends in; else None."""
    if len(sentence) > LONGEST or sentence.rstrip().endswith(("...", "…")) or is_question(sentence):
        return None
    sentence = counted_behind(sentence)
    concluded = _last(_SO, sentence, 0) if ", " in sentence or "; " in sentence else None
    if concluded is not None:
        behind = sentence[concluded.end() :]
        said = _alone(behind) or value_of(behind, words) or _counted(behind.rstrip(".* "), 0)
        if said is not None or not concluded.group("means"):
            return said
        sentence = sentence[: concluded.start()]
    if gives_nothing(sentence):
        return None
    plain = _without_emphasis(sentence).strip().rstrip(".。!* ")
    lead = LEAD.match(plain)
    at = lead.end() if lead else 0
    reason = _BECAUSE.search(plain, at + 1) if not _GIVING_REASONS.isdisjoint(words_in(plain)) else None
    plain = plain[: reason.start()] if reason else plain
    contrast = _CONTRAST.search(plain, at + 1) if not _CONTRASTING.isdisjoint(words_in(plain)) else None
    plain = plain[: contrast.start()] if contrast else plain
    whole = _behind_semicolon(plain, words) or _whole_or_result(plain, at)
    if whole is not None:
        return whole
    circumstance = CIRCUMSTANCE.match(plain, at)
    if circumstance and not _ADDS.match(plain, circumstance.end()):
        at = circumstance.end()
        if _is_mark(plain, at) and not IF.search(circumstance.group()):
            return plain[at:]
    copula = _last_copula(plain, at)
    return (
        (_option(plain, at, copula) if LONE_CAPITAL.search(plain, at) else None)
        or _number(plain, at, copula)
        or (_counted(plain, at) if FIRM.match(sentence) else None)
        or (_few_words(plain, at, bool(FIRM.match(sentence))) if words else None)
    )


def _behind_semicolon(text: str, words: bool) -> str | None:
    """What the last of several clauses gives: they sum to 99; dividing by three we get 33."""
    behind = text.rpartition("; ")[2] if "; " in text else ""
    return value_of(behind, words) if behind.count(" ") > 1 else None


def _without_emphasis(text: str) -> str:
    return _EMPHASIS.sub("", text) if "*" in text or "_" in text or "`" in text else text


def _whole_or_result(text: str, at: int) -> str | None:
    """A sentence that is only an option ("Hence C", "C it is"), or what its computation ends in (", giving 15")."""
    if at or len(text) > len("(C)"):
        if _is_mark(text, at):
            return text[at:].strip("()")
        if len(text) - at <= _LONGEST_MARK and _IT_IS.search(text):
            return _alone(text[at:])
    return _answer_first(text, at) or _result(text, at)


def _answer_first(text: str, at: int) -> str | None:
    """What is called the answer behind it: 15 is the answer."""
    found = _IS_THE_ANSWER.match(text, at) if not _ANSWERS.isdisjoint(words_in(text)) else None
    return found.group("value") if found and not rests_on_doubt(text, found.end()) else None


def _result(text: str, at: int) -> str | None:
    """What a computation ends in, or a whole clause before a semicolon."""
    chinese = (_CHINESE_MORE.search(text) or _CHINESE_LAST.search(text)) if not text.isascii() else None
    if chinese is not None and not rests_on_doubt(text, chinese.start("value")):
        return chinese.group("value")
    head = text[at:].partition("; ")[0] if at and "; " in text else ""
    if head and _VALUE.match(head) and not CLAUSE_END.search(head):
        return head
    result = _RESULT.search(text, at) if not _RESULTING.isdisjoint(words_in(text)) else None
    said = "all" if result is not None and result.group("all") else "value"
    if result is None or rests_on_doubt(text, result.start(said)):
        return None
    return _cut(result.group(said), 1)


def _is_mark(text: str, at: int) -> bool:
    """True if nothing but an option stands from `at` on."""
    return len(text) - at <= _LONGEST_MARK and _NAMED.fullmatch(text, at) is not None


def _alone(clause: str) -> str | None:
    """A clause that is only a number and what is counted, or an option: so 15 candles in total; hence C."""
    plain = _IT_IS.sub("", _without_emphasis(clause).strip().rstrip(".。!* "))
    named = _NAMED.fullmatch(plain)
    return named.group("value") if named else plain if _VALUE.match(plain) and not CLAUSE_END.search(plain) else None


def _option(text: str, at: int, copula: re.Match[str] | None) -> str | None:
    for found in (_last(_POINTS, text, at), copula):
        if (
            found is not None
            and found.group()[0] not in "=≈\\"
            and _is_label(found.group("value"))
            and (_is_left(text, found) or not rests_on_doubt(text, found.start("value")))
        ):
            rest = text[found.start("value") :]
            cut = _MARKED_TEXT.search(rest, len(found.group("value")))
            if REFUTED.search(rest):
                return None
            return rest[: cut.start()] if cut else rest
    return None


def _is_left(text: str, found: re.Match[str]) -> bool:
    """True for the option that is left where the others are ruled out: that eliminates B and C, leaving A."""
    return "leav" in found.group() and _ELIMINATED.search(text, 0, found.start()) is not None


def _number(text: str, at: int, found: re.Match[str] | None) -> str | None:
    if found is not None and found.group()[0] in "=≈" and _SEVERAL.search(text, at, found.start()):
        return None
    if found is None or _is_label(found.group("value")):
        found = _only(_VERB if _VERB.search(text, at) else _IN, text, at) or _PAST.match(text, at)
    if found is None or not _has_subject(text, at, found) or rests_on_doubt(text, found.start("value")):
        return None
    value = text[found.start("value") :]
    solid = _SOLID.fullmatch(value) is not None
    cut = None if solid else CLAUSE_END.search(value, _bracket_end(value, len(found.group("value"))))
    if _taken_back(value, cut):
        return None
    listed = _LIST.match(value) if _SEPARATED.search(value) else None
    listed = None if listed and value.lstrip(" *$")[:1].isdigit() and _SPELLED.search(listed.group()) else listed
    if listed is not None and (cut is None or cut.start() < listed.end()):
        return listed.group()
    again = _AGAIN.match(value, cut.start()) if cut else None
    if again is not None and _COMPUTED.search(value, 0, again.start()):
        return again.group("value")
    return value[: cut.start()] if cut else value


def _taken_back(value: str, cut: re.Match[str] | None) -> bool:
    """True if what stands behind a value makes it depend on a condition or on another number, or denies it."""
    if (not value.isascii() and DENIED_ELSEWHERE.search(value)) or (may_doubt(value) and FORMER.search(value)):
        return True
    if " than " in value and _THAN_NUMBER.match(value):
        return True
    if cut is not None and (_BOUND.match(value, cut.start()) or REJECTED.match(value, cut.start())):
        return True
    return cut is not None and bool(IF.match(value, cut.start() + 1) or refuted_behind(value, cut.start()))


def _gives_several(text: str, at: int, found: re.Match[str]) -> bool:
    """True if the sentence also gives another dimension a value, or counts several things."""
    counts = found.re is _VERB and _SEVERAL_COUNTED.match(text, found.start("value")) is not None
    return counts or len(_DIMENSION.findall(text, at, found.start("value") + 1)) > 1


def _has_subject(text: str, at: int, found: re.Match[str]) -> bool:
    """True if a verb has a subject, and gives not several numbers; one of the past gives its only one, but for a year."""
    if _gives_several(text, at, found):
        return False
    if found.re is _PAST:
        several = len(_DIGITS.findall(_IN_YEAR.sub("", text[found.start("value") :]))) > 1
        return not several and not (" used " in found.group() and _EACH.search(text, found.end()))
    itself = found.group()[:2].lower() == "it" or found.group().startswith("left with")
    return bool(itself or FIRM.match(text) or _SUBJECT.search(text[at : found.start()]) or _IT.match(text, at))


def _cut(value: str, at: int) -> str:
    """A value up to the end of its clause."""
    cut = CLAUSE_END.search(value, at)
    return value[: cut.start()] if cut else value


def _is_label(value: str) -> bool:
    bare = value.lstrip('*_ \t\n"“$')
    return (bare[:1].isalpha() or bare[:1] in ("(", "[")) and _LABEL.match(value) is not None


def _bracket_end(value: str, at: int) -> int:
    """Where a list or a pair that begins the value ends, so that it is not cut at its commas."""
    bracket = _BRACKET.match(value)
    ends = [value.find(close, at) for close in _CLOSES[bracket.group(1)]] if bracket else []
    return max(at, min((end for end in ends if end >= 0), default=at))


def _only(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str] | None:
    """The match, where there is one only and no other number stands before it."""
    found = _last(pattern, text, at)
    if found is None or _DIGIT.search(_IN_YEAR.sub("", " " + text[at : found.start("value")])):
        return None
    return found


def _counted(text: str, at: int) -> str | None:
    """What a whole conclusion counts: 5 cubes are visible."""
    found = _COUNTED.fullmatch(text, at) or _THOSE_WHO.match(text, at) or _WITHOUT.match(text, at)
    return found.group("value") if found else None


def said_alone(sentence: str) -> str | None:
    """What a sentence says that says nothing else: so 56; three of the five lamps are on."""
    if len(sentence) > LONGEST or may_doubt(sentence) or is_question(sentence):
        return None
    plain = _without_emphasis(sentence).strip().rstrip(".。! ")
    lead = LEAD.match(plain)
    at = lead.end() if lead else 0
    if FIRM.match(plain) and _ONLY_VALUE.fullmatch(plain, at):
        return plain[at:]
    if " of " not in sentence:
        return None
    circumstance = CIRCUMSTANCE.match(plain, at)
    found = _OF_THEM.fullmatch(plain, circumstance.end() if circumstance else at)
    return found.group("value") if found else None


def _few_words(text: str, at: int, firm: bool) -> str | None:
    found = _SAID.search(text, at)
    if (
        found is None
        or _gives_several(text, at, found)
        or not _SUBJECT.search(text[at : found.start()])
        or (not firm and _PRONOUN.match(text, at))
        or rests_on_doubt(text, len(text))
    ):
        return None
    value = found.group("value").strip()
    return value if len(value.split()) <= _WORDS and " is " not in value else None


def _last_copula(text: str, at: int) -> re.Match[str] | None:
    """The last verb or sign that gives a value; tried only where one of them stands."""
    for spot in reversed([*_COPULA_SPOT.finditer(text, at)]):
        found = _COPULA.match(text, spot.start())
        if found is not None:
            return found
    return None


def _last(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str] | None:
    found = None
    for found in pattern.finditer(text, at):  # noqa: B007 (only the last one counts)
        pass
    return found
