"""Invented names of people, from many places. Nobody of them exists."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from congregation.words import fold


@dataclass(frozen=True, slots=True)
class Name:
    """What someone is called, and the words they are spoken of with."""

    name: str
    pronouns: str


# Of each place: names of women, of men, and of families.
_PLACES: Final = (
    ("Carys Nerys Eluned Angharad", "Emrys Gethin Ifor Rhodri", "Pugh Gwilym Probert Cadwaladr"),
    ("Folasade Adaeze Yetunde Chiamaka", "Kayode Obinna Ikenna Tunde", "Okonjo Ajayi Nwosu Balogun"),
    ("Zofia Bożena Małgorzata Jadwiga", "Kazimierz Bartłomiej Zbigniew Mieszko", "Nowak Mazur Wójcik Gołąb"),
    ("Conceição Graça Lurdes Jacira", "Duarte Vasco Tomé Raimundo", "Figueira Quintela Brandão Serrão"),
    ("Thuỳ Hạnh Ngọc Quyên", "Bảo Dũng Khôi Tuấn", "Trần Phạm Đặng Lương"),
    ("Kalpana Vasanthi Meenakshi Revathi", "Murugan Senthil Arul Karthik", "Rajendran Natarajan Ponnusamy Iyer"),
    ("Rasha Widad Nawal Zaynab", "Tariq Yasin Idris Khalil", "Bouzid Khoury Mansour Sabbagh"),
    ("Gülşen Nurcan Sevgi Ayşegül", "Cemal Orhan Tuncay İlker", "Yıldız Öztürk Karaca Şahin"),
    ("Gráinne Sorcha Bríd Caoimhe", "Fiachra Diarmuid Cormac Oisín", "Quigley Tierney Lavelle Mulcahy"),
    ("Oksana Nadiya Halyna Lesia", "Taras Bohdan Ostap Yarema", "Kovalenko Shevchuk Bondar Tkach"),
    ("Sayuri Haruko Michiko Natsumi", "Kenji Shōta Takeshi Ryōhei", "Ōnishi Kuroda Hayakawa Morita"),
    ("Eun-ji Soo-ah Mi-rae Bo-ra", "Jae-won Sung-min Tae-yang Do-hyun", "Pak Yoon Seo Noh"),
    ("Päivi Kaarina Aino Tuulikki", "Väinö Jorma Eero Pentti", "Mäkelä Hämäläinen Koskela Järvi"),
    ("Sigríður Þóra Ragnhild Solveig", "Ásgeir Torbjørn Håkon Snorri", "Lindqvist Ødegård Bergström Nyhus"),
    ("Nekane Itziar Amaia Leire", "Koldo Iker Gorka Unai", "Goikoetxea Zubiri Ibarra Arrieta"),
    ("Xóchitl Citlali Guadalupe Nayeli", "Joaquín Fermín Eliseo Baltasar", "Peñaloza Quispe Huamán Villaseñor"),
    ("Tsehay Selamawit Mulu Hirut", "Tesfaye Girma Biruk Yohannes", "Abebe Desta Kidane Wolde"),
    ("Shirin Parvaneh Golnar Berfîn", "Farhad Siamak Rojhat Kaveh", "Rostami Moradi Tehrani Barzan"),
    ("Ilona Zsófia Ludmila Božena", "Bálint Gergő Vojtěch Matej", "Szabó Horváth Dvořák Žagar"),
    ("Friederike Wiebke Saskia Marijke", "Joost Götz Jürgen Henning", "Böhm Brinkmann Hüser Kolk"),
    ("Eleftheria Despina Drita Jelena", "Thanasis Stavros Besnik Dragan", "Papadaki Hoxha Petrović Leka"),
    ("Marva Hyacinth Delphine Winsome", "Errol Desmond Clive Barnaby", "Baptiste Fairweather Thistlewood Marlowe"),
    ("Ligaya Rosario Siti Dewi", "Bayani Crisanto Hafiz Wayan", "Macaraeg Dimaculangan Santoso Wibowo"),
    ("Shoshana Rivka Tirtza Malka", "Asher Menachem Boaz Yoav", "Rosenbaum Zilber Peretz Abramov"),
)  # fmt: skip

# Those whose sign-ins are printed, so that they are the same whatever the seed.
HOST: Final = Name("Gwendolen Achterberg", "she/her")
FACILITATOR: Final = Name("Teodor Ilić", "he/him")
MEMBER: Final = Name("Imani Castellanos", "she/her")
NEWCOMER: Final = Name("Fintan O’Dowd", "they/them")
# One that no table has room for, and one in another script.
LONG: Final = Name("Anantharaman Venkatasubramanian-Balakrishnan", "he/him")
OTHER_SCRIPT: Final = Name("Όλγα Καραγιάννη", "she/her")
KNOWN: Final = (HOST, FACILITATOR, MEMBER, NEWCOMER, LONG, OTHER_SCRIPT)


def names(rng: random.Random) -> Iterator[Name]:
    """Yield names in a random order, first names as different as can be; no end, and no name twice."""
    given = [
        (name, pronouns, place)
        for place, (women, men, _families) in enumerate(_PLACES)
        for group, pronouns in ((women, "she/her"), (men, "he/him"))
        for name in group.split()
    ]
    families = [place[2].split() for place in _PLACES]
    seen: set[str] = set()
    while True:
        rng.shuffle(given)
        fresh = 0
        for name, pronouns, place in given:
            # Some people carry the name of a family from elsewhere.
            home = place if rng.random() < 0.8 else rng.randrange(len(_PLACES))
            left = [
                f"{name} {family}" for family in families[home] if f"{name} {family}" not in seen
            ]
            if left:
                whole = rng.choice(left)
                seen.add(whole)
                fresh += 1
                yield Name(whole, _spoken(pronouns, rng))
        if not fresh:
            raise ValueError("There are no names left.")


def _spoken(pronouns: str, rng: random.Random) -> str:
    """Most people say their pronouns; some are they, some both, some leave it open."""
    chance = rng.random()
    if chance < 0.14:
        return ""
    if chance < 0.21:
        return "they/them"
    return f"{pronouns.split('/')[0]}/they" if chance < 0.25 else pronouns


def addresses(people: Sequence[Name], place: str) -> list[str]:
    """Return an e-mail address for each, no two alike; they lead nowhere."""
    found: list[str] = []
    taken: set[str] = set()
    for number, person in enumerate(people):
        plain = (
            "".join(letter for letter in word if letter.isascii() and letter.isalnum())
            for word in fold(person.name).split()
        )
        local = ".".join(word for word in plain if word) or f"person{number}"
        if local in taken:
            local = f"{local}{number}"
        taken.add(local)
        found.append(f"{local}@{place}.example")
    return found
