"""The language of a text, from its function words and its script."""

import pytest
from case_table import cases

from minirank.extract.language import language_of, named, unknown_languages

TEXTS = """
    English | We are looking for a nurse who will work with our team in the new clinic; you have at least two years of practice.
    German | Wir suchen eine Pflegekraft für unser Team in der neuen Klinik; Sie haben mindestens zwei Jahre Erfahrung und sind.
    Dutch | Wij zoeken een verpleegkundige voor ons team in de nieuwe kliniek; je hebt ten minste twee jaar ervaring en werkt graag.
    Swedish | Vi söker en sjuksköterska till vårt team på den nya kliniken; du har minst två års erfarenhet och tycker om att arbeta.
    Danish | Vi søger en sygeplejerske til vores team på den nye klinik; du har mindst to års erfaring og kan lide at arbejde med.
    Norwegian | Vi søker en sykepleier til vårt team på den nye klinikken; du har minst to års erfaring og liker å jobbe med.
    French | Nous cherchons une infirmière pour notre équipe dans la nouvelle clinique; vous avez au moins deux ans d'expérience et.
    Spanish | Buscamos una enfermera para nuestro equipo en la nueva clínica; con al menos dos años de experiencia y el gusto por el.
    Portuguese | Procuramos uma enfermeira para a nossa equipa na nova clínica; com pelo menos dois anos de experiência e gosto em.
    Italian | Cerchiamo una infermiera per il nostro gruppo nella nuova clinica; con almeno due anni di esperienza e il piacere del.
    Romanian | Căutăm o asistentă pentru echipa noastră din noua clinică; cu cel puțin doi ani de experiență și care este dispusă să.
    Polish | Szukamy pielęgniarki do naszego zespołu w nowej klinice; jest potrzebne co najmniej dwa lata doświadczenia oraz chęć do.
    Czech | Do našeho týmu v nové klinice hledáme sestru, která má rok praxe; jste vstřícní a práce s lidmi je pro vás to nejdůležitější.
    Slovak | Hľadáme zdravotnú sestru do nášho tímu v novej klinike; požadujeme najmenej dva roky praxe, ste ochotní sa učiť a práca.
    Hungarian | Ápolót keresünk az új klinikára; legalább két év tapasztalat és az emberek szeretete kell, valamint hogy a csapat.
    Finnish | Etsimme sairaanhoitajaa uuteen klinikkaan; sinulla on vähintään kahden vuoden kokemus ja olet iloinen, kun voit tehdä.
    Turkish | Yeni kliniğimiz için bir hemşire arıyoruz; en az iki yıl deneyim ve insanlarla çalışmayı seven, ekip ile uyumlu olan.
    Croatian | Tražimo sestru za naš tim u novoj klinici; iskustvo nije uvjet, ali je potrebna ljubav prema radu koji se ne zaboravlja.
    Russian | Мы ищем медсестру в новую клинику; опыт работы не менее двух лет и желание работать с людьми, а также на выезде и по.
    Ukrainian | Ми шукаємо медсестру до нової клініки; досвід роботи не менше двох років та бажання працювати з людьми, що є для нас.
    Greek | Αναζητούμε νοσηλεύτρια για την ομάδα μας στη νέα κλινική με εμπειρία από δύο χρόνια και αγάπη για το επάγγελμα που είναι.
    Arabic | نبحث عن ممرضة في العيادة الجديدة مع خبرة من سنتين على الأقل أو أكثر في هذا المجال و هي التي تحب العمل مع الناس
    Japanese | 新しいクリニックで働く看護師を募集しています。経験が二年以上ある方。
    Chinese | 我们正在为新诊所招聘护士，要求至少两年经验，热爱与人合作。
    Korean | 새 병원에서 일할 간호사를 찾습니다. 경력 이 년 이상.
"""


@cases("language | text\n" + TEXTS.strip())
def test_a_sentence_is_enough(language, text):
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text",
    ["", "Python, SQL, Kubernetes, Terraform, Go", "SAP FI/CO\nExcel\nDATEV\n2019 - 2023", "1234 %%% \ud800", "de la en", "Ł" * 5000],
)
def test_a_list_of_names_is_in_no_language(text):
    assert language_of(text) is None


def test_english_with_foreign_names_stays_english():
    text = "Head of sales at Casa de la Moneda in Rio de Janeiro, with a team of ten; before that I was in charge of the office in La Paz."
    assert language_of(text) == "English"


def test_a_hostile_text_takes_no_longer():
    assert language_of("и " * 1_000_000) in ("Russian", "Bulgarian", "Ukrainian", None)
    assert language_of("a" * 1_000_000) is None


def test_unknown_languages_are_counted_and_named():
    texts = [line.split(" | ")[1] for line in TEXTS.strip().splitlines()]
    found = unknown_languages([*texts, texts[1], texts[1], texts[2], "SQL"])
    assert found["German"] == 3 and found["Dutch"] == 2 and found.total() == len(texts) - 1 + 3 and "English" not in found
    assert named(found) == "German, Dutch, Arabic and others"
