"""What a text says of who a person is: found here, masked before anything else reads the text (PERSONAL.md).

In reading order:

    word_lists     words.json, and a text in lower case without accents, same length
    contact        e-mail addresses, links, telephone numbers, handles, streets and postcodes
    traits         birth, age, family status, gender, nationality, belief, health, documents, photographs, pronouns
    fields         what stands after a label: `Name: ...`, `| Nationality | ... |`, a label above its value
    name_words     what looks like a name
    file_names     the person's name in the name of a file
    header         the person's name among the first lines
    recurrences    where a name that is known stands again
    names          what else introduces a name, and all of these together
    find_personal  all of them, sorted, without overlaps
"""

from minirank.extract.personal.find_personal import find_personal
