"""People to put into the texts of person_texts.py."""

from dataclasses import dataclass

PRONOUNS = {"f": ("she", "her", "her", "hers"), "m": ("he", "him", "his", "his"), "x": ("they", "them", "their", "theirs")}


@dataclass(frozen=True)
class Person:
    """Who a text is about; `gender` is f, m or x. `shape` is what the text's own language can hold."""

    first: str
    last: str
    email: str
    phone: str
    street: str
    gender: str
    year: int
    age: int
    status: str
    children: str
    nation: str
    slug: str
    order: str = "{first} {last}"

    @property
    def name(self):
        return self.order.format(first=self.first, last=self.last).strip()

    def words(self):
        """What the templates name."""
        he, him, his, _ = PRONOUNS[self.gender]
        single = self.last or self.first
        german = {
            "f": ("Sie", "ihre", "Frau", "weiblich", "ledig"),
            "m": ("Er", "seine", "Herr", "männlich", "verheiratet"),
            "x": ("Er", "seine", "Herrn", "divers", "geschieden"),
        }[self.gender]
        french = {
            "f": ("Elle", "Mme", "Née le", "célibataire", "féminin"),
            "m": ("Il", "M.", "Né le", "marié", "masculin"),
            "x": ("Elle", "Mlle", "Né(e) le", "pacsé(e)", "masculin"),
        }[self.gender]
        spanish = {
            "f": ("Ella", "Sra.", "Nacida el", "soltera", "Mujer"),
            "m": ("Él", "Sr.", "Nacido el", "casado", "Hombre"),
            "x": ("Él", "Srta.", "Nacido el", "divorciado", "Hombre"),
        }[self.gender]
        polish = {
            "f": ("Ona", "Pani", "mężatka", "kobieta"),
            "m": ("On", "Pan", "kawaler", "mężczyzna"),
            "x": ("On", "Pan", "żonaty", "mężczyzna"),
        }[self.gender]
        return {
            "name": self.name, "NAME": self.name.upper(), "lower": self.name.lower(),
            "first": self.first, "last": single, "LAST": single.upper(),
            "reversed": f"{self.last}, {self.first}" if self.last else self.first,
            "initials": f"{self.first[0]}. {self.last}" if self.last and self.first[0].isupper() else self.name,
            "email": self.email, "phone": self.phone, "street": self.street, "slug": self.slug,
            "he": he, "He": he.capitalize(), "him": him, "his": his, "His": his.capitalize(),
            "Mr": {"f": "Ms.", "m": "Mr.", "x": "Mx."}[self.gender],
            "pronouns": f"{he}/{him}", "sex": {"f": "Female", "m": "Male", "x": "Non-binary"}[self.gender],
            "year": self.year, "age": self.age, "born": f"12.03.{self.year}",
            "born_us": f"March 12, {self.year}", "born_iso": f"{self.year}-03-12",
            "status": self.status, "children": self.children, "nation": self.nation,
            "Er": german[0], "seine": german[1], "Herr": german[2], "geschlecht": german[3], "ledig": german[4],
            "Il": french[0], "Mme": french[1], "Nee": french[2], "celibataire": french[3], "sexe": french[4],
            "Ella": spanish[0], "Sra": spanish[1], "Nacida": spanish[2], "soltera": spanish[3], "sexo": spanish[4],
            "Ona": polish[0], "Pani": polish[1], "mezatka": polish[2], "plec": polish[3],
        }  # fmt: skip


def _person(first, last, gender, year, status, children, nation, phone, street, slug=None, email=None, order="{first} {last}"):
    slug = slug or f"{first}-{last}".lower().replace(" ", "-").replace("'", "").replace(".", "")
    email = email or f"{slug.replace('-', '.')}@example.org"
    return Person(first, last, email, phone, street, gender, year, 2025 - year, status, children, nation, slug, order)


# Names that lists know and names that none does, words of the lexicon, trades, one part and many, other scripts.
PEOPLE = (
    _person("Jane", "Doe", "f", 1990, "Single", "none", "Irish", "+353 1 234 5678", "12 Java Road"),
    _person("Ruby", "Chen", "f", 1969, "Married", "2", "Chinese", "+1 (555) 123-4567", "221B Baker Street", email="ruby@chen.example.com"),
    _person("Django", "Reinhardt", "m", 1999, "Divorced", "3", "Belgian", "0049 30 1234567", "5 Python Lane"),
    _person("Jasmine", "Python", "f", 1985, "Widowed", "1", "British", "+44 20 7946 0958", "48 Oracle Avenue"),
    _person("Zorvath", "Quellinger", "x", 1975, "Married", "none", "Austrian", "+43 1 5813900", "7 Swift Street"),
    _person("Ixtlanka", "Brontoddessiwami", "f", 1988, "Single", "4", "Indian", "+91 98765 43210", "1600 Rust Boulevard"),
    _person("Emma", "Baker", "f", 1993, "Single", "none", "Canadian", "(416) 555-0199", "3 Hive Court", email="ebaker93@example.com"),
    _person("Ludwig", "van der Meer", "m", 1961, "Married", "2", "Dutch", "+31 20 123 4567", "99 Kafka Road"),
    _person("María José", "García de la Cruz", "f", 1979, "Divorced", "1", "Spanish", "+34 600 123 456", "10 Elm Street", slug="mj-garcia"),
    _person(
        "Siobhán", "O'Connor-Nwosu", "f", 1996, "Single", "none", "Nigerian", "+234 803 123 4567", "4 Spring Avenue", slug="siobhan-oconnor"
    ),
    _person(
        "Łukasz", "Świętochowski", "m", 1983, "Married", "2", "Polish", "+48 601 234 567", "17 Spark Lane", slug="lukasz-swietochowski"
    ),
    _person("Nguyễn Thị", "Ánh", "f", 1991, "Married", "1", "Vietnamese", "+84 91 234 56 78", "8 Go Street", slug="nguyen-anh"),
)
# Also where the text is written in another script than the name.
FOREIGN = (
    _person("Дмитрий", "Кузнецов", "m", 1978, "Married", "2", "Russian", "+7 912 345-67-89", "6 Scala Street", slug="dkuznetsov"),
    _person("Γιώργος", "Παπαδόπουλος", "m", 1987, "Single", "none", "Greek", "+30 21 0123 4567", "31 Ada Road", slug="gpapadopoulos"),
    _person("王小明", "", "m", 1994, "Single", "none", "Chinese", "+86 138 1234 5678", "88 Flask Avenue", slug="wangxm"),
    _person("김민수", "", "m", 1981, "Married", "1", "Korean", "+82 10-1234-5678", "2 Perl Street", slug="minsu-kim"),
)
