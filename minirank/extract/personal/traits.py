"""What a text says of a person's birth, age, family, gender, nationality, belief and health outside of labelled fields."""

from __future__ import annotations

import re
from functools import cache

from minirank.extract.personal.contact import Span
from minirank.extract.personal.word_lists import is_east_asian, word_lists

_YEAR = r"(?:19[2-9]\d|20[01]\d)"
_DAY = r"\d{1,2}(?:st|nd|rd|th|er)?"
_MONTH = r"[^\W\d_]{3,12}\.?"
DATE = (
    rf"(?:{_DAY}\s?[./ -]{{1,2}}(?:de |of )?(?:\d{{1,2}}|{_MONTH})\s?[./, -]{{1,3}}(?:de )?(?:\d{{4}}|\d{{2}})\b"
    rf"|{_MONTH} {_DAY},? \d{{4}}\b|\d{{4}}[./-]\d{{1,2}}[./-]\d{{1,2}}\b|\d{{4}} ?[年년] ?\d{{1,2}} ?[月월] ?(?:\d{{1,2}} ?[日일])?"
    rf"|(?:{_MONTH} )?{_YEAR}\b[年년]?)"
)
_NUMBER = (
    r"(?:\d{1,2}|one|two|three|four|five|no|eine?|einen|zwei|drei|vier|fünf|keine|un|une|deux|trois|quatre|sans|uno?|una|dos|tres"
    r"|cuatro|sin|due|tre|dwoje|troje|jedno)"
)
_CHILDREN = (
    r"(?:child(?:ren)?|kids?|sons?|daughters?|kind(?:er)?|tochter|töchter|sohne?|söhne|enfants?|hij[oa]s?|figli[oae]?|filh[oa]s?"
    r"|dzieci|dziecko|dzieckiem|детей|ребенок|ребенка|barn|kinderen)(?![\w-])"
)
_MARRIED = (
    r"(?:(?:un)?married|divorced|widow(?:ed|er)?|ledig|verheiratet|geschieden|verwitwet|getrennt lebend|marie(?:\(e\)|e)?|celibataire"
    r"|divorce(?:\(e\)|e)|pacse(?:\(e\)|e)?"
    r"|veuf|veuve|casad[oa](?:/a)?|solter[oa](?:/a)?|divorciad[oa]|viud[oa]|sposat[oa]|celibe|nubile|coniugat[oa]|divorziat[oa]"
    r"|solteir[oa]|divorciad[oa]|zonat[ya]|mezatka|kawaler|panna"
    r"|rozwiedzion[ya]|женат|замужем|не замужем|холост|не женат|разведен[а]?|gehuwd|ongehuwd|ugift|evli|bekar|zenaty|vdana|svobodn[ya])"
)
# English pronouns; in texts of another language those of that language, where two or three of its small words stand.
_ENGLISH = "he she him her his hers himself herself they them their theirs themself themselves".split()
_PRONOUNS = {
    "und der die das mit fur ist ein eine von bei als": "er sie ihm ihn ihr ihre ihrem ihren ihrer ihres sein seine seinem seinen seiner"
    " seines",
    "et le les des une pour dans avec au du": "il elle lui",
    "los las con para una del en por como": "ella ello",
    "di che con per una della nel gli delle": "lui lei egli ella",
    "da para com uma em na no dos das": "ele ela dele dela",
    "w na do oraz jest sie przy od": "ona jego jej jemu niej nim on",
    "het een van voor met bij op": "hij zij hem haar zijn",
    "och att som for med pa inom": "han hon hans hennes honom henne",
    "og som til med av af ved": "han hun ham hans hendes hennes",
    "и в на с по для": "он она его ее ему ей ним ней нее него",
}
_GATES = [(frozenset(gate.split()), frozenset(forms.split())) for gate, forms in _PRONOUNS.items()]
_SEX = "(?:male|female|non-?binary|m|f|w|d|x|mannlich|weiblich|divers|homme|femme|hombre|mujer)"
_FACT_WORDS = frozenset(
    "single married divorced widowed verheiratet ledig geschieden old yo y male female nonbinary binary m f w d x mannlich weiblich divers"
    " homme femme hombre mujer".split()
)
# SPEED: one character class in front; a list of facts is looked for in the lines of these.
_FACT = re.compile(
    r"[mfwdxnhsulvg1-8](?<![\w'.].)(?:(?<=[mfwdx])|(?<=[a-z])[a-z-]{3,12}|(?<=\d)\d ?(?:y/?o|yrs?|years?)(?: old)?)(?=\s?[,/|;•·).\n]|$)"
)
_FORMS = r"(?:(?<=h)(?:ers?|e|im(?:self)?|is|erself)|(?<=s)he|(?<=t)he(?:y|m(?:selves|self)?|irs?))"
# SPEED: one character class in front lets the engine skip from candidate to candidate.
_PRONOUN = re.compile(rf"[hst](?<![\w'].){_FORMS}(?:\s?/\s?[hst]{_FORMS}){{0,2}}(?:'(?:s|d|ll|re|ve))?(?![\w'])")
_NEOPRONOUNS = re.compile(
    r"\(?(?<!\w)(?:xe|ze|ey|fae|any|all|it|sie|er|elle|il|iel|ella|el|elles|hen|they|dey)\s?/\s?(?:xem|zir|hir|em|faer|pronouns|its|ihr"
    r"|ihm|elle|il|ella|elle|el|iel|they|dem|den|deren)(?:\s?/\s?\w{2,6})?(?!\w)\)?"
)
_SLASH = re.compile(r"/(?:(?<=[aelnrsty]/)|(?<=[aelnrsty]\s/))\s?[defhiptxz]")  # of one of these
_OTHER_SCRIPTS = re.compile("她们?|他(?!们|人)|彼女|彼(?!ら)|그녀(?:는|가|의|를)?")


_NOT_OF_PEOPLE = (
    r"(?!\s(?:company|compan|firm|startup|start-up|business|codebase|code|system|platform|product|software|building|family"
    r" business|brand|organi[sz]ation|legacy|app\b|application|project|institution|tradition|history|track|experience|professional|in"
    r" (?:the )?(?:industry|field|it)))"
)
_PHRASES = (
    (
        rf"(?<!\w)(?:born|geboren|geb\.?|jg\.?|jahrgang|nee?|nacid[oa]|nascid[oa]|nat[oa] (?:a|il|nel)|urodzon[aey]|ur\.|fodd|fodt"
        rf"|syntynyt|narozen[ay]?|narodeny|szuletett|nascut[a]?|d\.?o\.?b\.?:?"
        rf"|родил(?:ся|ась)|р\.|род\.|народи(?:вся|лася)|γεννηθηκ[εα]|γεννημεν[οη]ς?)(?:\([eas]\)|/[ea])?,? ?(?:(?:on|in|the|am|im|jahr"
        rf"|year|le|en|el|em|il|nel|dnia|w|r\.|op|den|i|year of|в|г\.|το|στις) ){{0,3}}"
        rf"(?:[^\W\d_][\w.-]{{1,20}},? (?:[^\W\d_][\w.-]{{1,20}},? )?)?(?:(?:on|in|am|le|el|il|w) ){{0,1}}(?:the )?{DATE}(?: ?г\.| ?r\.)?"
        r"(?: (?:in|a|en|à|w|em|i|в) [^\W\d_][\w-]{1,20}(?:, [^\W\d_][\w-]{2,20})?(?=[\s.,;|)]|$))?",
        "BIRTH",
        "born geboren geb jg jahrgang ne nee nacido nacida nascido nascida nato nata urodzony urodzona urodzone ur fodd fodt syntynyt"
        " narozen narozena narozeny narodeny szuletett nascut nascuta",
        "родился родилась р род народився народилася γεννηθηκε γεννηθηκα γεννημενος γεννημενη dob d",
    ),
    (
        r"(?<!\w)(?:was |were )?born (?:and (?:raised|bred) )?in [^\W\d_][\w-]{1,20}(?: [^\W\d_][\w-]{1,20})?(?: and"
        r" raised)?(?=[.,;|)\n]|$)(?:, [^\W\d_][\w-]{2,20}(?=[.,;|)\n]|$))?",
        "BIRTH",
        "born",
    ),
    (
        r"[1-8]\d(?<!\w\d\d)(?<!company is \d\d)(?<!firm is \d\d)(?<!business is \d\d)(?<!product is \d\d)(?<!system is \d\d)"
        rf"(?:[- ](?:years?|yrs?)[- ]old|[- ]y/?o|\s?y\.o\.)(?!\w){_NOT_OF_PEOPLE}",
        "AGE",
        "old yo y o",
    ),
    (
        r"(?<!\w)(?<!patients )(?<!people )(?<!adults )(?<!clients )(?<!children )(?<!students )(?<!those )(?<!persons )aged? (?:of"
        r" )?(?:1[6-9]|[2-8]\d)(?![\w%+]|[- ]?(?:to|-|–|and) ?\d)",
        "AGE",
        "aged age",
    ),
    (
        r"(?<!\w)[1-8]\d jahre (?:alt|jung)(?!\w)|(?<!\w)[1-8]\d(?:-?jahrige?[rn]?)(?!\w)",
        "AGE",
        "alt jung jahrige jahriger jahrigen jahrig",
    ),
    (r"(?<!\w)(?:age(?:e)? de [1-8]\d ans|j'ai [1-8]\d ans)(?!\w)", "AGE", "ans"),
    (
        r"(?<!\w)(?:tengo [1-8]\d anos|[1-8]\d anos de edad|de [1-8]\d anos de edad|ho [1-8]\d anni|di anni [1-8]\d|tenho [1-8]\d anos"
        r"|[1-8]\d anos de idade|mam [1-8]\d lat|мне [1-8]\d (?:лет|год))",
        "AGE",
        "tengo edad ho anni tenho idade mam мне",
    ),
    (
        r"(?<!\w)in (?:my|his|her|their) (?:early |mid-? ?|late )?(?:[2-7]0s|twenties|thirties|forties|fifties|sixties)(?!\w)",
        "AGE",
        "s twenties thirties forties fifties sixties",
    ),
    (
        rf"(?<![\w-])(?<!getting )(?<!get )(?<!be )(?:i am |i'm |ich bin |je suis |soy |estoy |sono |estou |jestem |is |was |happily "
        rf"|recently )?{_MARRIED}(?![\w-])(?: to [^\W\d_][\w'-]{{1,20}}(?: [^\W\d_][\w'-]{{1,20}})?)?"
        rf"(?:,? ?(?:with|and|mit|und|avec|et|con|e|y|z|i|,)? ?(?:a |{_NUMBER} )(?:grown |adult |young |small |erwachsene |kleine"
        rf" )?{_CHILDREN})?(?!\w)(?![-]| (?:filing|couples?|women|men|people|with ))"
        r"(?! (?:(?:of|in|de|di|en|em|es|der|des|della) )?(?:las? |los )?(?:scien|cien|wissens|kunst|art[is]|art(?:es)?\b"
        r"|ingen|ingegn|nauk|sztuk))",
        "STATUS",
        "married unmarried divorced widow widowed widower ledig verheiratet geschieden verwitwet getrennt marie mariee celibataire"
        " divorce divorcee pacse pacsee veuf veuve casado casada soltero soltera",
        "divorciado divorciada viudo viuda sposato sposata celibe nubile coniugato coniugata divorziato divorziata solteiro solteira"
        " zonaty mezatka kawaler panna rozwiedziony rozwiedziona",
        "женат замужем холост разведен разведена gehuwd ongehuwd gift ugift evli bekar zenaty vdana svobodny svobodna",
    ),
    (
        rf"(?<!\w)(?:(?:single |proud |working |devoted |loving |full-time |alleinerziehende[r]? |stolze[r]? )?(?:mother|father|mum|mom"
        rf"|dad|parent|mutter|vater|mama|papa|mere|pere|madre|padre|mae|pai|matka|ojciec|мать|отец) (?:of|von|de|di|to) (?:{_NUMBER}"
        rf"|twins|a|an)"
        rf"(?: (?:young |small |grown )?{_CHILDREN})?|(?:i have |ich habe |j'ai |tengo |ho |tenho |with |has |have )?{_NUMBER} (?:grown "
        rf"|adult |young |small |erwachsene |kleine )?{_CHILDREN}(?! (?:with|in |who|at |under|per|a |from|to )))(?!\w)",
        "STATUS",
        "mother father mum mom dad parent mutter vater mama papa mere pere madre padre mae pai matka ojciec мать отец child children kid"
        " kids son sons daughter daughters kind kinder tochter enfant enfants",
        "hijo hijos hija hijas figlio figli figlia filho filhos filha filhas dzieci dziecko dzieckiem детей ребенок barn kinderen sohn",
    ),
    (rf"(?<!\w)status ?[:=–-]{{0,2}} ?(?:single|{_MARRIED}|separated|engaged|partnered)(?= ?(?:[.,;)|\n]|$))", "STATUS", "status"),
    (
        r"(?<!\w)(?:i am|i'm|being) (?:an? |originally |half |proudly? )*NATION(?: by (?:birth|nationality|origin))?(?![\w-])"
        r"(?! (?:and [^\W\d_]+[- ])?(?:teacher|tutor|speak|translat|interpret|lectur|professor|linguist|native|instruct|language|literature"
        r"|fluent|bilingual|trilingual|correspondent|cuisine|chef|law))(?!-)",
        "NATIONALITY",
        "am m being",
    ),
    (
        r"(?<!\w)(?:of )?(?:an? )?NATION(?:[ -]born| (?:by birth|origins?|descent|heritage|ancestry|roots|parents|family))(?!\w)",
        "NATIONALITY",
        "born birth origin origins descent heritage ancestry roots parents family",
    ),
    (r"(?<!\w)(?:i am|i'm|is|was|remains) single(?= ?[,.;)\n]|$| and | with )", "STATUS", "single"),
    (
        r"(?<!\w)my (?:wife|husband|spouse|fiance|fiancee|girlfriend|boyfriend|partner(?= and i\b)|children|kids|sons?|daughters?)(?!\w)",
        "STATUS",
        "my",
    ),
    (
        r"(?<!\w)as an? (?:(?:young|older|black|white|asian|muslim|christian|jewish|hindu|gay|queer|trans|disabled|single|working|proud"
        r"|native|first-generation) )*"
        r"(?:woman|man|female|male|mother|father|mum|mom|dad|parent|girl|boy|lady|lesbian|gay man|person of colou?r|immigrant|refugee"
        r"|muslim|christian|jew|hindu|sikh|veteran)(?: of colou?r)?(?! (?:engineer|developer|nurse|model))(?!\w)",
        "GENDER",
        "woman man female male mother father mum mom dad parent girl boy lady lesbian gay colour color immigrant refugee muslim"
        " christian jew hindu sikh veteran",
    ),
    (
        r"(?<!\w)(?:an? )?NATION(?: ?[/-] ?NATION)?(?: born)? (?:citizen(?:ship)?|national|nationality|passport(?: holder)?"
        r"|staatsburger(?:in)?|staatsangehorigkeit|staatsangehoriger?)(?!\w)",
        "NATIONALITY",
        "citizen citizenship national nationality passport staatsburger staatsburgerin staatsangehorigkeit staatsangehorige"
        " staatsangehoriger",
    ),
    (
        r"(?<!\w)(?:staatsangehorigkeit|nationality|nationalitat|nationalite|nacionalidad|nazionalita|cittadinanza|nacionalidade"
        r"|narodowosc|obywatelstwo|citizen of|citizenship of|national of):?,? (?:the )?(?:DEMONYM|PLACE)(?:[/ ,](?:und|and|et|y|e)?"
        r" ?(?:DEMONYM))?(?!\w)",
        "NATIONALITY",
        "staatsangehorigkeit nationality nationalitat nationalite nacionalidad nazionalita cittadinanza nacionalidade narodowosc"
        " obywatelstwo citizen citizenship national",
    ),
    (
        r"(?<!\w)(?:gdb (?:von )?\d{2,3}|grad der behinderung(?: von)?:? \d{2,3}|schwerbehindert(?:e[rn]?)?|rqth|wheelchair user|i am"
        r" (?:deaf|blind|disabled|autistic|pregnant|transgender|gay|lesbian|bisexual|catholic|muslim|christian|jewish|hindu|buddhist"
        r"|sikh|atheist))(?!\w)",
        "HEALTH",
        "gdb behinderung schwerbehindert schwerbehinderte schwerbehinderter rqth wheelchair deaf blind disabled autistic pregnant"
        " transgender gay lesbian bisexual catholic muslim christian jewish hindu buddhist sikh atheist",
    ),
)
_ASTERISK = re.compile(
    rf"(?<![\w*])\* ?(?:am )?(?:{_DAY}[./-] ?\d{{1,2}}[./-] ?\d{{4}}|{_DAY}\.? {_MONTH} \d{{4}})(?! ?(?:-|to|bis|–))(?: in"
    rf" [^\W\d_][\w-]{{1,20}})?|(?<![\w*])\*{_YEAR}(?! ?(?:-|to|bis|–))(?: in [^\W\d_][\w-]{{1,20}})?"
)
_PHOTO = re.compile(
    r"!\[[^\]\n]{0,80}\]\([^)\n]{0,200}\)|<img[^>\n]{0,200}>|(?:^|(?<=[\n\[(|]))[ *_]*(?:photo|foto|photograph|lichtbild|picture"
    r"|passport photo"
    r"|bewerbungsfoto|portrait|headshot|照片|写真)(?::? ?(?:of|von|de|di|by)? ?[^\n|\])]{2,40})?(?=[ *_]*(?:[\n|\])]|$))"
)
_EAST_ASIAN = re.compile(
    r"(?<!\d)(?:满|滿|만 ?)?\d{2} ?(?:岁|歲|歳|才(?!能)|세(?![^\W\d_]))|(?:19|20)\d\d ?[年년](?: ?\d{1,2} ?[月월](?:"
    r" ?\d{1,2} ?[日일])?)? ?(?:出生|生まれ"
    r"|生(?![^\W\d_])|출생|생(?![^\W\d_]))|(?<![\u4e00-\u9fff])(?:已婚|未婚|離婚|离异|独身|既婚|未育|已育|汉族|漢族|男性|女性|男|女|群众|中共党员|共青团员|기혼|미혼|남성|여성|남자|여자|남"
    r"|여)(?![\u4e00-\u9fff\uac00-\ud7af])"
)
_HEADER = re.compile(
    r"^(?:single|male|female|mann|frau|mannlich|weiblich|homme|femme|hombre|mujer|masculino|femenino|feminin|uomo|donna|mezczyzna"
    r"|kobieta|мужчина|женщина|he/him|non-binary|nonbinary|gay|catholic|katholisch|evangelisch|muslim|protestant|christian|hindu|jewish"
    r"|rom\.-kath\."
    r"|rk|ev\.|konfessionslos|[1-8]\d(?: (?:years|yrs|jahre|ans|anos|anni|lat|лет|года?|ar|jaar|vuotta|let))?|citizen|non-smoker"
    r"|nichtraucher(?:in)?)$"
)


_HEADER_WORDS = frozenset(
    "single male female mann frau mannlich weiblich homme femme hombre mujer masculino femenino feminin uomo donna mezczyzna kobieta"
    " мужчина женщина him binary nonbinary gay"
    " catholic katholisch evangelisch muslim protestant christian hindu jewish rk ev kath konfessionslos citizen smoker nichtraucher"
    " nichtraucherin".split()
)
_AGE_PIECE = re.compile(r"[1-8]\d(?<!\w\d\d)(?: [^\W\d_]{2,6})?(?= ?(?:[|•·;,\t)\n]|$))")


def find_traits(text: str, flat: str, words: set[str]) -> list[Span]:
    """BIRTH, AGE, STATUS, GENDER, NATIONALITY, HEALTH, PHOTO and PRONOUN.

    Args:
        text: str.
        flat: its folded form, same length.
        words: of `flat`.
    """
    found: list[Span] = []
    for triggers, kind, pattern in _phrases():
        if not triggers.isdisjoint(words):
            found += [
                (m.start(), m.end(), kind)
                for m in pattern.finditer(flat)
                if " to " not in m[0] or text[m.start() + m[0].index(" to ") + 4].isupper()
            ]
    if not _FACT_WORDS.isdisjoint(words):
        found += _listed_facts(flat)
    if "*" in flat:
        found += [(m.start(), m.end(), "BIRTH") for m in _ASTERISK.finditer(flat)]
    if not _PHOTO_WORDS.isdisjoint(words) or "<img" in flat or "![" in flat or "照片" in flat or "写真" in flat:
        found += [(m.start(), m.end(), "PHOTO") for m in _PHOTO.finditer(flat)]
    if not words.isdisjoint(_ENGLISH):
        found += [(*_bracketed(flat, *m.span()), "PRONOUN") for m in _PRONOUN.finditer(flat)]
    if "/" in flat and _SLASH.search(flat) is not None:
        found += [(m.start(), m.end(), "PRONOUN") for m in _NEOPRONOUNS.finditer(flat)]
    if is_east_asian(text):
        found += [(m.start(), m.end(), "PRONOUN") for m in _OTHER_SCRIPTS.finditer(flat)]
        found += [
            (
                m.start(),
                m.end(),
                "AGE" if flat[m.start() : m.end()][-1] in "岁歲歳才세" else "BIRTH" if "1" in m[0] or "2" in m[0] else "STATUS",
            )
            for m in _EAST_ASIAN.finditer(flat)
        ]
    if "él" in text or "Él" in text:
        found += [(m.start(), m.end(), "PRONOUN") for m in re.finditer(r"(?<!\w)[ÉEé]l(?!\w)", text) if m[0] in ("él", "Él")]
    for gate, forms in _GATES:
        if not forms.isdisjoint(words) and len(gate & words) >= 3:
            pattern = re.compile(rf"(?<![\w'])(?:{'|'.join(sorted(forms & words, key=len, reverse=True))})(?!\w)")
            found += [(m.start(), m.end(), "PRONOUN") for m in pattern.finditer(flat)]
    return found + (_in_header(flat) if not words.isdisjoint(_HEADER_WORDS) or _AGE_PIECE.search(flat, 0, 500) else [])


_PHOTO_WORDS = frozenset("photo foto photograph lichtbild picture bewerbungsfoto".split())


@cache
def _phrases() -> list[tuple[frozenset[str], str, re.Pattern[str]]]:
    """Words of which one must stand in a folded text, the kind, and the pattern that is then looked for."""
    demonyms = "|".join(map(re.escape, sorted(word_lists().demonyms, key=len, reverse=True)))
    places = "|".join(map(re.escape, sorted((p for p in word_lists().places if len(p) > 3), key=len, reverse=True)))
    return [
        (
            frozenset(" ".join(words).split()),
            kind,
            re.compile(p.replace("NATION", _nation()).replace("DEMONYM", demonyms).replace("PLACE", places)),
        )
        for p, kind, *words in _PHRASES
    ]


@cache
def after_name() -> re.Pattern[str]:
    """An age, a year of birth and a nationality behind a name: `(34)`, `, 34, Irish.`, `(b. 1985, Irish)`."""
    nation = rf"(?:, {_nation()}(?= ?[.,;|)\n]))?"
    return re.compile(
        rf",? ?(?:\((?:aged? )?[1-8]\d(?: years)?{nation}\)|\((?:\*|b\. ?|born )?(?:19|20)\d\d{nation}\)"
        rf"|(?<=,) ?[1-8]\d(?=[,.]| years){nation})"
    )


@cache
def _nation() -> str:
    """Pattern of a demonym of one or two words."""
    demonyms = "|".join(map(re.escape, sorted(word_lists().demonyms, key=len, reverse=True)))
    return rf"(?:(?:south|north|new|sri|costa|puerto|saudi|sierra|cape|east|west) )?(?:{demonyms})"


@cache
def _facts() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A list of two personal facts or more, and one of them."""
    fact = (
        rf"(?:(?P<AGE>[1-8]\d(?: ?(?P<unit>y/?o|yrs?|years?)(?: old)?)?)|(?P<GENDER>{_SEX})|(?P<STATUS>single|{_MARRIED})"
        rf"|(?P<NATIONALITY>{_nation()}(?: citizen| national)?))(?![\w'+%-])"
    )
    plain = re.sub(r"\(\?P<\w+>", "(?:", fact)
    return re.compile(rf"(?<![\w.,/'-]){plain}(?:\s?[,/|;•·]\s?{plain})+(?= ?(?:[).,;|\n]|$))"), re.compile(fact)


def _listed_facts(flat: str) -> list[Span]:
    """Each of `29 y/o, f, Irish`, `(m, 35)`, `female, married`: sex as a letter counts beside an age, languages alone do not."""
    found: list[Span] = []
    several, one = _facts()
    lines: list[tuple[int, int]] = []
    for m in _FACT.finditer(flat):
        if not lines or m.start() >= lines[-1][1]:
            end = flat.find("\n", m.end())
            lines.append((flat.rfind("\n", 0, m.start()) + 1, end if end >= 0 else len(flat)))
    for m in (m for start, end in lines for m in several.finditer(flat, start, end)):
        facts = list(one.finditer(flat, m.start(), m.end()))
        kinds = {f.lastgroup if f.lastgroup != "unit" else "AGE" for f in facts}
        told = any(f["unit"] or f["STATUS"] or (f["GENDER"] and len(f["GENDER"]) > 1) for f in facts)
        apart = flat[max(0, m.start() - 2) : m.start()].rstrip(" *-")[-1:] in ("", "\n", "(", ":")  # not `size M, 40`
        if len(kinds) > 1 and (told or ({"AGE", "GENDER"} <= kinds and (apart or len(kinds) > 2))):
            found += [(*f.span(), next(kind for kind in ("AGE", "GENDER", "STATUS", "NATIONALITY") if f[kind])) for f in facts]
    return found


def _bracketed(flat: str, start: int, end: int) -> tuple[int, int]:
    """A span with the brackets around it: `(she/her)`."""
    return (start - 1, end + 1) if flat[start - 1 : start] == "(" and flat[end : end + 1] == ")" else (start, end)


def _in_header(flat: str) -> list[Span]:
    """Pieces of the first lines that say nothing else: `33 | single | German`, `Married, two children`."""
    found, begin, traits = [], 0, word_lists().demonyms
    for line in flat.split("\n", 8)[:8]:
        if len(line) < 120:
            pieces = [(m.start(), m.end()) for m in re.finditer(r"[^|•·;,\t()]+", line)] if len(line) > 3 else []
            kinds = [_trait(line[a:b].strip(" *-_#.")) for a, b in pieces]
            if any(kinds):
                for (a, b), kind in zip(pieces, kinds, strict=True):
                    piece = line[a:b].strip(" *-_#.")
                    if kind is not None or piece in traits:
                        start = begin + a + line[a:b].index(piece)
                        found.append((start, start + len(piece), kind or "NATIONALITY"))
        begin += len(line) + 1
    return found


def _trait(piece: str) -> str | None:
    """AGE or GENDER where a piece of the header is nothing else."""
    if not 2 <= len(piece) <= 30 or _HEADER.match(piece) is None:
        return None
    return "AGE" if piece[0].isdigit() else "GENDER"
