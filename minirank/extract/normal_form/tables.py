"""Characters by what becomes of them."""

from __future__ import annotations

# One character for one character.
PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
PLAIN |= dict.fromkeys([0x09, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x2800, 0x3000, 0x3164, 0xFFA0, 0xFFFC], ord(" "))
PLAIN |= dict.fromkeys([0xA9, 0xAE, 0x2117, 0x2120, 0x2122], ord(" "))  # trade marks: `Java™` is Java, not JavaTM
PLAIN |= dict.fromkeys([0x0D, 0x85, 0x2028, 0x2029], ord("\n"))
PLAIN |= dict.fromkeys(
    [
        *range(0x2010, 0x2016),
        0x2212,
        0x2500,
        0x2501,
        0x2E3A,
        0x2E3B,
        0xFE58,
        0xFE63,
        0xFE31,
        0xFE32,
        0x2796,
        0x02D7,
        0x058A,
        0x1806,
        0x2E40,
    ],
    ord("-"),
)
PLAIN |= dict.fromkeys([0x2018, 0x2019, 0x201A, 0x201B, 0x2032, 0x2039, 0x203A, 0x02BC, 0x60, 0xB4], ord("'")) | {0xFF40: ord("'")}
PLAIN |= dict.fromkeys([0x201C, 0x201D, 0x201E, 0x201F, 0x2033, 0xAB, 0xBB], ord('"'))
PLAIN |= dict.fromkeys([0x2022, 0x2023, 0x2043, 0x2219, 0xB7, 0x2713, 0x2714, 0x2756, 0x27A2, 0x27A4], ord("•"))
PLAIN |= dict.fromkeys([0x25A0, 0x25A1, 0x25AA, 0x25AB, 0x25B6, 0x25B8, 0x25BA, 0x25C6, 0x25C7, 0x25CB, 0x25CF, 0x25E6], ord("•"))
PLAIN |= dict.fromkeys(
    [0x204C, 0x204D, 0x25B7, 0x25D8, 0x2610, 0x2611, 0x2612, 0x2666, 0x2705, 0x2794, 0x279C, 0x27A1, 0x29BF, 0x2B24], ord("•")
)
PLAIN |= {0x266F: ord("#"), 0x223C: ord("~"), 0x301C: ord("~")}
# Windows-1252 that was read as Latin-1.
PLAIN |= {
    code: PLAIN.get(ord(character), ord(character))
    for code in (*range(0x82, 0x85), *range(0x86, 0x8D), 0x8E, *range(0x91, 0x9D), 0x9E, 0x9F)
    for character in [bytes([code]).decode("cp1252")]
}
PLAIN |= {0x80: ord("€")}
# Shapes of characters that PDF files of Chinese texts have in the place of the characters; NFKC knows the other block of them.
_RADICALS = {
    0x2EA0: "民", 0x2EC4: "西", 0x2EC5: "见", 0x2EC9: "贝", 0x2ECB: "车", 0x2ED3: "长", 0x2ED4: "门", 0x2ED8: "青", 0x2EDA: "页",
    0x2EDB: "风", 0x2EDC: "飞", 0x2EDD: "食", 0x2EE2: "马", 0x2EE3: "骨", 0x2EE4: "鬼", 0x2EE5: "鱼", 0x2EE6: "鸟", 0x2EE9: "黄",
    0x2EEC: "齐", 0x2EEE: "齿", 0x2EF0: "龙",
}  # fmt: skip
PLAIN |= {code: ord(character) for code, character in _RADICALS.items()}

# Zero width, direction marks and isolates, variation selectors, annotations, tag characters, byte order marks.
UNSEEN = "\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff"
# What no font had a character for: controls, private use, halves of surrogate pairs, the replacement character.
UNKNOWN = "\x00-\x08\x0e-\x1f\x7f\x81\x8d\x8f\x90\x9d\ue000-\uf8ff\ufffd\uffff\ud800-\udfff\U000f0000-\U0010ffff"
