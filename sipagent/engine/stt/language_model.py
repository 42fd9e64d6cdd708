"""A small trigram language model of the phrases callers are expected to say. Pure.

Witten-Bell smoothing in ARPA format: far better on a closed domain than a grammar, which no caller
follows to the word, or a model of all English, which no telephone line allows.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

BEGIN, END = "<s>", "</s>"

Gram = tuple[str, ...]


def arpa(phrases: Iterable[str]) -> str:
    """Return the model of ``phrases``, lower-case words separated by blanks."""
    counts: list[Counter[Gram]] = [Counter(), Counter(), Counter()]
    for phrase in phrases:
        words = [BEGIN, *phrase.split(), END]
        for order in (1, 2, 3):
            grams = zip(*(words[start:] for start in range(order)), strict=False)
            counts[order - 1].update(grams)
    model = _WittenBell(counts)
    lines = ["\\data\\", *(f"ngram {order + 1}={len(counts[order])}" for order in range(3))]
    for order in range(3):
        lines.append(f"\n\\{order + 1}-grams:")
        for gram in sorted(counts[order]):
            line = f"{_log(model.probability(gram))} {' '.join(gram)}"
            if order < 2:
                line += f" {_log(model.back_off(gram))}"
            lines.append(line)
    return "\n".join([*lines, "\n\\end\\\n"])


class _WittenBell:
    def __init__(self, counts: list[Counter[Gram]]) -> None:
        self._counts = counts
        self._followers: dict[Gram, list[str]] = defaultdict(list)
        self._totals: Counter[Gram] = Counter()
        for order in range(3):
            for gram, count in counts[order].items():
                self._followers[gram[:-1]].append(gram[-1])
                self._totals[gram[:-1]] += count

    def probability(self, gram: Gram) -> float:
        history = gram[:-1]
        kinds, total = len(self._followers[history]), self._totals[history]
        lower = self.probability(gram[1:]) if history else 1 / max(1, kinds)
        return (self._counts[len(gram) - 1][gram] + kinds * lower) / max(1, total + kinds)

    def back_off(self, history: Gram) -> float:
        followers = self._followers.get(history)
        if not followers:
            return 1.0
        seen = sum(self.probability((*history, word)) for word in followers)
        lower = sum(self.probability((*history[1:], word)) for word in followers)
        return max(1e-6, 1 - seen) / max(1e-6, 1 - lower)


def _log(probability: float) -> str:
    return f"{math.log10(max(probability, 1e-30)):.4f}"
