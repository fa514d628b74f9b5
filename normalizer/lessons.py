"""Learns words for a kategori from what operators corrected, and says how much that helps."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from normalizer import kategori, text
from normalizer.rules import Rules

Lessons = Mapping[str, Sequence[str]]

_FEWEST = 3  # corrections a word must stand in
_SURE = 0.8  # of the complaints with the word, how many must be of the kategori
_MOST = 20  # words a kategori may learn at once
_WORD = re.compile(r"[a-z]{4,}")


@dataclass(frozen=True, slots=True)
class Example:
    """A complaint as it was understood, and its right kategori."""

    title: str
    text: str
    kategori: str
    corrected: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What the lessons do: to corrections held back from learning, and to all other complaints."""

    corrections: int
    right_before: int
    right_after: int
    others: int
    others_changed: int

    @property
    def helps(self) -> bool:
        """Whether they mend more than they break."""
        return self.right_after - self.right_before > self.others_changed

    def lines(self) -> Iterator[str]:
        """Say it."""
        right = f"tepat sebelum={self.right_before} sesudah={self.right_after}"
        yield f"koreksi={self.corrections}, diuji bergantian: {right}"
        yield f"aduan lain yang berubah: {self.others_changed} dari {self.others}"
        yield "kesimpulan: " + ("membantu" if self.helps else "belum terbukti membantu")


def learn(examples: Sequence[Example], rules: Rules) -> Lessons:
    """Return words that stand almost only in complaints of one kategori, as corrected."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    corrected: dict[str, Counter[str]] = defaultdict(Counter)
    for example in examples:
        for word in _words(example, rules):
            seen[word][example.kategori] += 1
            if example.corrected:
                corrected[word][example.kategori] += 1
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for word, counts in corrected.items():
        kode, count = counts.most_common(1)[0]
        if count >= _FEWEST and seen[word][kode] >= _SURE * sum(seen[word].values()):
            found[kode].append((-count, word))
    return {kode: [word for _, word in sorted(row)[:_MOST]] for kode, row in sorted(found.items())}


def test(examples: Sequence[Example], rules: Rules) -> Report:
    """Learn from one half of the corrections, ask about the other half, and the reverse."""
    corrections = [example for example in examples if example.corrected]
    others = [example for example in examples if not example.corrected]
    before = after = 0
    for half in (0, 1):
        held_back = corrections[half::2]
        taught = rules.taught(learn([*corrections[1 - half :: 2], *others], rules))
        before += sum(read(example, rules) == example.kategori for example in held_back)
        after += sum(read(example, taught) == example.kategori for example in held_back)
    whole = rules.taught(learn(examples, rules))
    changed = sum(read(example, whole) != read(example, rules) for example in others)
    return Report(len(corrections), before, after, len(others), changed)


def read(example: Example, rules: Rules) -> str:
    """Return the kategori the rules give an example."""
    title = text.read(example.title, rules.spelling).formal
    body = text.read(f"{example.title}\n{example.text}", rules.spelling).formal
    hits, titled = rules.lexicon.find(body), rules.lexicon.find(title)
    found, _, _ = kategori.categorise(
        hits.get("kategori", ()), titled.get("kategori", ()), rules.kategori
    )
    return found


def _words(example: Example, rules: Rules) -> set[str]:
    """Return the words worth learning: no names of places, nothing the language is made of."""
    formal = text.read(f"{example.title}\n{example.text}", rules.spelling).formal
    return {
        word
        for word in formal
        if _WORD.fullmatch(word)
        and (word in rules.spelling.known or word not in rules.language.words)
        and word not in rules.gazetteer.by_name
        and word not in rules.greetings
    }
