"""Which language a text is in, told by its function words and its script: enough to say that the rules know little of it.

The rules know the skills, titles and cues of English; of other languages they know dates, some headings and some cues.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

KNOWN = "English"
SHOWN = 3  # languages that a sentence names

_FUNCTION_WORDS = {
    "English": "the and of to in for a with you we is are our your on an as or will be at by from that this have not i my was it",
    "German": "der die das und mit für von ist sind wir sie ein eine einen einer den dem im zu zum zur auf bei als oder nicht werden ich",
    "Dutch": "de het een en van in voor met je wij is op te zijn aan bij dat als ook niet of om door wordt worden naar onze ik heb",
    "Swedish": "och att det i en på är som för med av till den ett vi du har från eller inte om hos våra dig jag ett ska",
    "Danish": "og at det i en på er som for med af til den et vi du har fra eller ikke om hos vores dig jeg bliver skal",
    "Norwegian": "og å det i en på er som for med av til den et vi du har fra eller ikke om hos våre deg jeg blir skal vil",
    "French": "le la les l des du de d en pour avec vous nous est une un dans sur au aux ou qui votre notre et à par ce je",
    "Spanish": "el la los las y de del en para con una un que es por se su nuestro nuestra como al o ser lo más mi sus",
    "Portuguese": "o a os as e de do da dos das em para com uma um que não ao na no por seu você ou mais nos são à nossa",
    "Italian": "il lo la gli le e di del della dei in per con una un che è nel alla sono delle al o da si come più nella ho",
    "Catalan": "el la els les i de del amb per una un que és en al o dels les seva com són nostra als més",
    "Romanian": "și în de la cu pentru sau pe este care din un o să prin ale al sunt nu ca a fi mai si în cadrul",
    "Polish": "i w na z do oraz się jest dla lub nie to o po od że jak przez ze w są być nas który",
    "Czech": "a v na s se je do pro nebo z o k jako od při že ve jsme jsou jste vás která které našeho jsem mám za i být který",
    "Slovak": "a v na s sa je do pre alebo z o k ako od pri že vo sme sú ste vás ktorá ktoré nášho som mám za aj byť ktorý",
    "Hungarian": "a az és hogy egy nem van vagy is meg mint valamint ezt be ki el ha csak mi azt kell lesz",
    "Finnish": "ja on ei se että tai sekä joka ovat kun mutta myös voi sinulla meillä olet jotka kuin olen oli",
    "Estonian": "ja on ei see et või ning mis kui oma ka kes olen olema meie",
    "Latvian": "un ir ar uz par kas no vai kā lai pie mēs tiek pēc es arī",
    "Lithuanian": "ir yra į su kad kaip ar bei iš apie mes prie už per tai aš",
    "Croatian": "i u na je za s od da se su ili kao koji koja iz sa te o do biti po naš ali što prema",
    "Slovenian": "in je za na v z da se ali pri ki so od s kot do biti po ter tudi naš kaj smo",
    "Turkish": "ve bir bu için ile da de olarak veya olan en çok daha gibi ya ben",
    "Vietnamese": "và của là có trong cho với các được một những về tôi",
    "Indonesian": "dan yang di untuk dengan dari pada adalah atau ini dalam akan kami saya",
    "Russian": "и в на с по для от не что как или из за мы к у при о это я",
    "Ukrainian": "і та в на з для що не або як до від за ми у це при о й я",
    "Bulgarian": "и в на с за от се да по или като е не са при ще ви към аз",
    "Greek": "και το η ο του της την στο για με από να είναι που τα στην σε",
    "Arabic": "في من على إلى أن مع هو هي عن التي الذي أو هذا هذه و",
    "Persian": "در به از که این را با است و برای یا آن هم شده",
    "Hebrew": "של את על עם או לא הוא היא גם אני אנחנו כל",
    "Hindi": "के में है और की से का को पर हैं या एक इस",
}
_LANGUAGES: dict[str, list[str]] = {}
for _name, _words in _FUNCTION_WORDS.items():
    for _word in dict.fromkeys(_words.split()):
        _LANGUAGES.setdefault(_word, []).append(_name)
# Letters that only texts of one language are made of, or nearly so; kana before Han, which Japanese has too.
_SCRIPTS = (
    ("Japanese", re.compile("[\u3040-\u30ff]")),
    ("Korean", re.compile("[\uac00-\ud7af]")),
    ("Chinese", re.compile("[\u4e00-\u9fff]")),
    ("Thai", re.compile("[\u0e00-\u0e7f]")),
)
_WORD = re.compile(r"[^\W\d_]+")
_LEAST, _SHARE, _AHEAD = 3.0, 0.06, 1.2  # points of the best, points a word of the text, and how far before the next one
_LENGTH = 20_000  # characters that are looked at


def language_of(text: str) -> str | None:
    """The English name of a text's language; None where its words do not tell, as in a list of skills.

    A function word gives a point, shared among the languages that have it.
    """
    text = text[:_LENGTH].lower()
    if not text.isascii():
        for name, letters in _SCRIPTS:
            if 5 * len(letters.findall(text)) > len(text):
                return name
    counts = Counter(_WORD.findall(text))
    points: dict[str, float] = {}
    for word in counts.keys() & _LANGUAGES.keys():
        languages = _LANGUAGES[word]
        for name in languages:
            points[name] = points.get(name, 0.0) + counts[word] / len(languages)
    ranked = sorted(points.items(), key=lambda item: (-item[1], item[0]))
    if not ranked:
        return None
    (name, best), second = ranked[0], ranked[1][1] if len(ranked) > 1 else 0.0
    return name if best >= _LEAST and best >= _SHARE * counts.total() and best >= _AHEAD * second else None


def unknown_languages(texts: Iterable[str]) -> Counter[str]:
    """How many texts are in each language that the rules do not know."""
    found = Counter(filter(None, map(language_of, texts)))
    del found[KNOWN]
    return found


def named(languages: Counter[str]) -> str:
    """Such as `German, Dutch and others`, the most frequent first."""
    names = [name for name, _ in sorted(languages.items(), key=lambda item: (-item[1], item[0]))]
    return ", ".join(names[:SHOWN]) + (" and others" if len(names) > SHOWN else "")
