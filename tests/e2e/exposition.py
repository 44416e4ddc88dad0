"""Reads Prometheus' text format as strictly as its specification allows, in code that shares nothing with ours:
https://prometheus.io/docs/instrumenting/exposition_formats/"""
import collections
import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)\Z")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=.)|\Z)')
_ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


class Family:
    def __init__(self, name):
        self.name = name
        self.type = None
        self.samples = {}  # (name of the series, frozenset of labels): value


class Metrics:
    """What one text says. Everything that the format forbids is an AssertionError."""

    def __init__(self, text):
        assert text.endswith("\n"), "the last line has no end"
        self.families = collections.OrderedDict()
        family = None
        for line in text[:-1].split("\n"):
            if line.startswith("# HELP "):
                name = line.split(" ", 3)[2]
                assert name not in self.families, f"{name} stands in two places"
                family = self.families[name] = Family(name)
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert family is not None and name == family.name and family.type is None, line
                assert kind in ("counter", "gauge", "histogram"), line
                family.type = kind
            else:
                self._add(family, line)
        for family in self.families.values():
            if family.type == "histogram":
                self._check_histogram(family)

    @staticmethod
    def _add(family, line):
        found = _SAMPLE.match(line)
        assert found, f"no sample: {line!r}"
        name, labels, value = found.groups()
        suffixes = ("_bucket", "_sum", "_count") if family.type == "histogram" else ("",)
        assert name in [family.name + suffix for suffix in suffixes], f"{name} is not of {family.name}"
        pairs, at = [], 0
        while labels and at < len(labels):
            label = _LABEL.match(labels, at)
            assert label, f"no label: {line!r}"
            pairs.append((label.group(1), re.sub(r"\\.", lambda m: _ESCAPES[m.group()], label.group(2))))
            at = label.end()
        assert len(dict(pairs)) == len(pairs), f"a label twice: {line!r}"
        key = name, frozenset(pairs)
        assert key not in family.samples, f"a series twice: {line!r}"
        number = float(value)
        assert family.type == "gauge" or (number >= 0 and math.isfinite(number)), line
        family.samples[key] = number

    @staticmethod
    def _check_histogram(family):
        buckets = collections.defaultdict(list)
        for (name, labels), value in family.samples.items():
            if name.endswith("_bucket"):
                bound = dict(labels)["le"]
                buckets[frozenset(pair for pair in labels if pair[0] != "le")].append((float(bound), value))
        for labels, found in buckets.items():
            found.sort()
            assert found[-1][0] == math.inf, f"{family.name} has no +Inf"
            counts = [value for _, value in found]
            assert counts == sorted(counts), f"{family.name} shrinks: {found}"
            assert family.samples[f"{family.name}_count", labels] == counts[-1]
            assert (f"{family.name}_sum", labels) in family.samples

    def series(self, name):
        """{frozenset of labels: value} of one series' name."""
        base = name if name in self.families else re.sub(r"_(bucket|sum|count)\Z", "", name)
        return {labels: value for (found, labels), value in self.families[base].samples.items() if found == name}

    def value(self, name, **labels):
        """Of the one series with exactly these labels; 0 where there is none."""
        return self.series(name).get(frozenset((key, str(value)) for key, value in labels.items()), 0)

    def sum(self, name, **labels):
        """Over all series that have these labels among theirs."""
        wanted = {(key, str(value)) for key, value in labels.items()}
        return sum(value for found, value in self.series(name).items() if wanted <= found)

    def label_values(self, name, label):
        return {dict(labels).get(label) for labels in self.series(name)}
