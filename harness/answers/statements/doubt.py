"""Whether words deny, doubt or suppose what stands beside them, report it as what others say, or call it a mistake."""

from __future__ import annotations

import re

from ..lexer import names
from ..types import memo

_LISTED = re.compile(r"(?:[(\[]?[A-Z][)\]]?(?:\s?,\s|\s(?:and|or)\s|,\s(?:and|or)\s)){1,12}\Z")
_IN_OTHER_LANGUAGES = (
    r"\b(?i:nicht|keine?|könnte|vielleicht|oder|pas|peut-être|pourrait|podría|quizás?|tal vez|no (?:es|son|se|"
    r"puede)|não|talvez|"
    r"non|forse|potrebbe)\b|な[いく]|ありません|かもしれ|でしょうか|아니|아닙|아마"
)
_DENIED = re.compile(
    r"(?:n't|n’t|\b(?i:not|cannot|never|"
    r"(?<!like )(?<!likes )(?<!play )(?<!plays )(?<!chose )(?<!have )(?<!has )(?<!take )(?<!own )(?<!in )neither|"
    r"nor|none of|no (?:option|choice|answer|way)|unable|unclear|unsure|"
    r"uncertain|"
    r"impossible|doubts?|doubtful|unlikely|whether|unless|might|(?-i:may|May be)|(?<!only )possible (?:answer|"
    r"option|choice|value|solution)|could|perhaps|maybe|possibly|sorry|"
    r"please|let me|"
    r"would (?:have been|only)|which (?:option|choice|of|one)|mistaken(?:ly)?|wrong(?:ly)?|incorrect(?:ly)?|hardly|"
    r"it is (?:tempting|possible)|suppose[sd]?|imagine|hypothe\w{1,8}|"
    r"(?<!best )(?<!would )(?<!'d )(?<!’d )guess|anything but|nobody|no one|false that|"
    r"assume|suggests?(?! that)))(?![a-z])"
    rf"|{_IN_OTHER_LANGUAGES}"
    r"|[不没未误]|并非|无法|如果|假[设如]|若|要是|可能|也许|或许|似乎|哪|是否|例如|比如|以为|错|难道|确定.{0,4}是"
)
_RELATIVE = re.compile(
    r"\b(?:the|an?|only|one)\s(?:[\w-]+\s){1,4}(?:that|which|who)\s"
    r"(?:can(?:not|['’]t)|(?:do|does|did|is|are|was|were|has|have|had|will|would|could)(?:\snot|n['’]t))\b"
    r"|\b(?!(?:is|are|was|were|be|been|do|does|did|has|have|had|can|could|will|would|should|must|may|might|if|but|and|or|"
    r"so|why|it)\b)[a-z]{3,20}\snot\s(?=(?:[a-z]{2,12}(?:ed|ing)|shown|drawn|in|on|at|inside|within)\b[^.;]*?"
    r"\s(?:is|are|was|were|equals|=)\b)",
    re.IGNORECASE,
)
"""What only says which thing is meant: the piece that does not fit, the cells not shaded."""
_CONDITION = (
    r"\b(?i:suppose|unless|provided that|in case|only (?:when|if)|should (?:the|we|it)|(?:for|in the) "
    r"(?:example|instance)|"
    r"let(?:['’]s| us) (?:say|assume)|(?:without|assuming)\b[^.;]{1,80}\bwould)\b|\be\.g\."
    r"|\A[\s(*_]*(?:Had|Were|Should|[Ss]i|[Ww]enn|[Ff]alls)\s|もし|만약|如果|假[设如]|若|要是|例如|比如"
)
_SUPPOSING = re.compile(r"\b(?:if|suppose|supposing|assuming|imagine)\b|\A[\s*_]{0,8}(?:were|had)\b", re.IGNORECASE)
_ANSWER_WOULD = re.compile(r"\b(?:answer|option|choice|letter|result|value)\b[^.\n]{0,60}?\swould\b", re.IGNORECASE)
THEN = re.compile(r"[\s*_]{0,8}(?:then|in (?:that|this) case)\b", re.IGNORECASE)
"""The beginning of a sentence that goes on from the one before it."""
COUNTERFACTUAL = re.compile(
    r"[\s*_(]{0,8}(?:if|had|were)\b[^.;\n]{1,160}?\b(?:had|were|was|instead)\b[^.;\n]{0,160}?,[^.;\n]{1,80}?\bwould\b",
    re.IGNORECASE,
)
"""What would be if things were otherwise: "If only two cuts had been made, there would be 4 pieces"."""
DENIED_ELSEWHERE = re.compile(_IN_OTHER_LANGUAGES)
"""Denials and doubts in German, French, Spanish, Portuguese, Italian, Japanese and Korean."""
IF = re.compile(rf"\b(?i:if)\b|\b(?i:were)\b(?= \w+ed\b)|{_CONDITION}")
CONDITION = re.compile(_CONDITION)
"""Conditions and examples, but for a mere if."""
_DOUBTING = frozenset(
    names(
        "t not cannot never neither nor none no nobody unable unclear unsure uncertain impossible doubt doubts "
        "doubtful unlikely "
        "whether unless might may could perhaps maybe possibly sorry please let would which mistaken mistakenly "
        "wrong wrongly "
        "incorrect incorrectly hardly tempting possible suppose supposed supposes imagine guess thought assumed "
        "assume guessed "
        "guesses believed expected figured think thinks say says said claim claims claimed argue argues insists "
        "mentions told "
        "rumor rumour student students pupil pupils people others many most some everyone everybody beginners "
        "learners kids he "
        "she they old former previous initial original earlier first initially originally if provided case only "
        "should were had "
        "example instance e anything false common typical usual frequent classic easy careless popular naive familiar "
        "mistake mistakes slip slips error errors trap traps pitfall pitfalls distractor distractors misconception "
        "misconceptions naively forget forgets forgetting forgot overlook overlooks overlooked overlooking tempt "
        "tempts tempted "
        "careful beware fall glance sight look superficially misleading misleadingly ignores misses confuses "
        "mixes neglects "
        "omits double too excluded eliminated ruled results without nicht kein keine oder pas non si wenn falls "
        "vielleicht forse friend "
        "classmate colleague neighbor teacher fails eliminate rules crossed assuming suggest suggests according "
        "hypothesis hypothetical hypothetically hypothesize caption title legend heading footnote lists rule "
        "eliminates exclude excludes discard discards reject rejects "
        "outdated quick hasty"
    )
)
"""The words of which those patterns need one; t is that of n't."""
_LETTERS = re.compile(r"[a-z]+")
_EDGES = " \t\n*_`.。!"
_FOREIGN = re.compile(r"[’\u00c0-\u024f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_PEOPLE = (
    r"(?:students?|pupils?|people|persons?|others|many|most|some|some(?:one|body)|every(?:one|body)|any(?:one|"
    r"body)|one|you|"
    r"he|she|they|friends?|classmates?|beginners|learners|children|kids|teacher|author|(?:text)?book|key|rumou?r|"
    r"question|problem|task|exercise|caption|title|legend|heading|footnote|passage|text)"
)
_SAY = (
    r"(?:say|says|said|claim(?:s|ed)?|argue[sd]?|thinks?|thought|believe[sd]?|guess(?:es|ed)?|assume[sd]?|"
    r"insist(?:s|ed)?|"
    r"mention(?:s|ed)?|lists?|told|has it)"
)
_REPORTED = re.compile(
    rf"\b(?i:{_PEOPLE})(?:\s(?!(?:who|that|which|saying|and)\b)[a-z]{{1,12}}){{0,3}}?\s{_SAY}\b"
    rf"|\b(?!(?:The|An|Our|Your|His|Her|Its|One|This|That|These|Those|What|Which|Data|Evidence|Figure|Chart|"
    rf"Table)\b)[A-Z][a-z]{{2,12}}\s{_SAY}\b"
    r"|\b(?i:i|we)\s(?:(?i:first|initially|originally|once|had|wrongly|mistakenly)\s){0,2}"
    r"(?:thought|assumed|guessed|believed|expected|supposed|figured)\b"
    r"|\b(?i:according to)\s(?:(?:the|a|my|his|her|their|some)\s)?(?:textbook|book|teacher|students?|friends?|key|"
    r"people|author)\b"
    r"|\b(?i:an?|the|my|his|her)\s(?:friend|classmate|colleague|neighbou?r|student|teacher)\s"
    r"(?:got|gets|has|wrote|answered|chose|picked|counted)\b"
    r"|\b(?i:i|we)\s(?:first|initially|originally)\s(?:got|had|counted|wrote|said|answered)\b"
    r"|\b(?i:students?|pupils|people|others|many|most|some|everyone|everybody|beginners|learners|kids)\s"
    r"(?:(?:would|might|may|could|will|often|frequently|usually|commonly|typically|wrongly|incorrectly|mistakenly|"
    r"tend to)\s"
    r"{1,2}){1,2}(?:answer|get|give|write|pick|choose|select|obtain|arrive at|end up with|count|read|measure|see)\b"
    r"|\b(?i:students?|pupils|people|others|many|most|some|he|she|they)\s(?:choose|chose|picks?|picked|selects?|"
    r"selected|"
    r"answers?|answered)(?:\s?:|\s(?=\d|(?:option\s|choice\s)?\(?[A-Z]\)?(?![\w'’])|(?:option\s|choice\s)?\(?\Z))"
    r"|(?:可能|也许|或许)[是为]|(?:人|同学们?|学生|大家|他们?|她们?|小\w)[^。，,]{0,6}?(?:认为|觉得|会说|说|"
    r"会选|选了?|猜)"
)
"""What others say or think, or oneself before: "Many students would say", "I first thought", "A student chose"."""
_FORMER = (
    r"(?:(?:old|former|previous|first|initial|original|earlier|wrong|incorrect)\s"
    r"(?:answer|count|try|attempt|guess|estimate|calculation)"
    r"|(?:old|outdated|former|previous|earlier|wrong|incorrect)\s(?:chart|graph|table|figure|picture|diagram|version|"
    r"problem|question|example|edition|reading|value))"
)
FORMER = re.compile(rf"\s(?:in|on|at|from|by|of|after)\s(?:the|my|our|a|an|this|that)\s{_FORMER}\b", re.IGNORECASE)
"""Where a value comes from that counts no more: in the first try, in the old chart."""
_MISTAKE = re.compile(
    r"\b(?:(?:common|typical|usual|frequent|classic|easy|careless|popular|tempting|naive|familiar)\s"
    r"(?:\w+\s){0,2}?(?:mistakes?|slips?|errors?|traps?|pitfalls?|distractors?|misconceptions?|oversights?|"
    r"answers?|choices?|"
    r"options?|guess(?:es)?|counts?)"
    rf"|{_FORMER}"
    r"|fails?(?! to)|(?:rules? out|(?:eliminate|exclude|discard|reject)s?)(?=\s(?:option |choice |answer "
    r")?\W{0,3}(?:\d|[A-Z](?!\w)|\Z|(?:the )?following\b|th[eo]se\b))|trap (?:answer|option|choice)|crossed out|"
    r"(?:can|could) only guess"
    r"|mistakes?|pitfalls?|misconceptions?|distractors?|naively|forget(?:s|ting)?|forgot|overlook(?:s|ing|ed)?"
    r"|tempt(?:s|ed|ing)|be careful|beware|don['’]t fall|do not fall|fall for|fall into|at first(?: (?:glance|"
    r"sight|look)|(?=[.!\s]*\Z))"
    r"|(?:quick|hasty) (?:look|glance|guess|count|estimate)|superficially|misleading(?:ly)?|(?:is|was|as) an? "
    r"(?:\w+ )?(?:slip|"
    r"error|trap))\b"
    r"|\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer)\s\(?[A-Z]\)?\s(?:ignores|misses|confuses|mixes|neglects|omits|double)"
    r"|常见的?(?:错误|误区)|容易(?:错|误)",
    re.IGNORECASE,
)
"""A mistake that is described: "The usual slip is", "Forgetting the corner gives", "At first glance"."""
_CONSIDERING = re.compile(
    r"[\s*_]{0,12}(?i:for (?:example|instance)|e\.g\.|note that (?:if|when|in)|let me know|imagine|suppose|"
    r"assume|would|"
    r"let(?:['’]s| us) (?:say|assume|suppose|imagine))\b"
)
FAULT = re.compile(r"\b(?:lacks?|(?:is|are) missing|too\s\w+|cannot|can['’]t|fails?|violates?|contradicts?)\b")
"""What is said of an option that is not chosen."""
REFUTED = re.compile(r",?\s(?:which|that) (?:is|was) (?:not|in(?:accurate|correct)|wrong)\b|\brespectively\b")
_REFUTED_BEHIND = re.compile(
    r"[\s*_)\]\"”]{0,5}[,;—–-]?\s{0,2}\(?(?:which|that|but|yet|though|although|"
    r"and)\b(?![^.;]*\bothers?\b)(?:[^,.;\dA-Z]|I\b){0,40}?"
    r"\b(?i:wrong|incorrect|false|mistaken|misleading|deceptive|not (?:right|correct|true|sure|quite|certain|the "
    r"answer)|unsure|"
    r"crossed out|miscounted|misread|overlook|overlooked|forg[eo]ts?|an? (?:\w+\s)?(?:mistake|slip|error|trap))\b"
    r"|\s?[，,]\s?(?:但|这|其实|可)[^。，,]{0,8}(?:错|不对|不正确)|(?:的说法|的答案)?是错",
)
"""What takes back the answer before it: ", which is a mistake", ", but that is wrong"."""
_UNSEEN = re.compile(r"\b(?:can(?:no|['’])t|unable to|not able to) (?:see|view|read|make out)\b", re.IGNORECASE)
_RESTART = re.compile(
    r"\b(?i:so|thus|hence|therefore|consequently|then we|we get|we have|gives|means(?: that)?|(?<!to )conclude that|it "
    r"follows that|"
    r"(?<!anything )but|however)\b(?! that)|[:;；]|所以|因此"
)
_INSTEAD = re.compile(
    r"\b(?i:so|thus|hence|therefore|consequently|(?<!anything )but|however|actually|in fact|instead)\b(?! that)|"
    r"\b(?i:since|because|although|though|while|whereas)\b[^,;]*,"
    r"|[;；]|所以|因此|但|实际"
)


def denied(before: str) -> bool:
    """True if what stands before a statement in its sentence denies it, doubts it or makes it depend on a condition."""
    return _CONSIDERING.match(before) is not None or rests_on_doubt(before, len(before))


def rests_on_doubt(sentence: str, end: int) -> bool:
    """True if the clause that ends at `end` is denied or doubted, or the whole of it rests on a condition or "
    "on others."""
    if not may_doubt(sentence):
        return False
    start = max((found.end() for found in _RESTART.finditer(sentence, 0, end)), default=0)
    listed = _LISTED.search(sentence, start, end)
    clause = max(sentence.rfind(mark, start, listed.start() if listed else end) for mark in (", ", "; ", "，"))
    return doubts(sentence[max(clause, start, 0) : end]) or bool(
        IF.search(sentence, start, end) or _UNSEEN.search(sentence, 0, end) or not_ones_own(sentence[:end])
    )


def only_supposed(before: str, said: str) -> bool:
    """True for an answer that `said` says "would be" so under a supposition before it: "If the side were 8, ..."."""
    return _ANSWER_WOULD.search(said) is not None and _SUPPOSING.search(before) is not None


def not_ones_own(words: str) -> bool:
    """True for words that report what others say, or oneself before, or that describe a mistake."""
    start = max((found.end() for found in _INSTEAD.finditer(words)), default=0)
    return bool(_REPORTED.search(words, start) or _MISTAKE.search(words, start))


def refuted_behind(text: str, at: int) -> bool:
    """True if the words from `at` on take back what stands before them in their sentence."""
    return _REFUTED_BEHIND.match(text, at) is not None


def _words_in(text: str) -> frozenset[str]:
    return frozenset(_LETTERS.findall(text.lower()))


_remembered = memo(_words_in, 256)


def words_in(text: str) -> frozenset[str]:
    """The words of a sentence, in lower case: patterns are tried only where one of their words stands."""
    return _remembered(text.strip(_EDGES))


def may_doubt(text: str) -> bool:
    """False for a text without any word of those that deny, doubt or suppose; cheap, because most texts have none."""
    return not _DOUBTING.isdisjoint(words_in(text)) or (not text.isascii() and _FOREIGN.search(text) is not None)


def doubts(words: str) -> bool:
    """True for words that deny or doubt; "the piece that does not fit" names a piece and denies nothing."""
    lower = words.lower()
    named = any(one in lower for one in ("not", "n't", "n’t"))
    return _DENIED.search(_RELATIVE.sub(" ", words) if named else words) is not None
