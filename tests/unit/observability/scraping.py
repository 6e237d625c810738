"""Reading what a process shows, by Prometheus's own text format."""

from prometheus_client.parser import text_string_to_metric_families

from agents.observability.registry import Area

Labels = frozenset[tuple[str, str]]


def values(text: str, name: str) -> dict[Labels, float]:
    """Return the samples of this name, by their labels."""
    return {
        frozenset(sample.labels.items()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def value(text: str, name: str, **labels: str) -> float:
    """Return the one sample of this name whose labels have these values."""
    (found,) = [number for known, number in values(text, name).items() if labels.items() <= dict(known).items()]
    return found


def label_sets(text: str, name: str, **labels: str) -> set[Labels]:
    """Return the label sets under which this name is shown, of those whose labels have these values."""
    return {found for found in values(text, name) if labels.items() <= dict(found).items()}


def born_late(before: str, after: str) -> set[str]:
    """Return the series of counters and histograms that the later scrape shows and the earlier one did not."""
    return _counting(after) - _counting(before)


def _counting(text: str) -> set[str]:
    """Return the name and labels of every series that only rises."""
    return {
        f"{sample.name}{dict(sorted(sample.labels.items()))}"
        for family in text_string_to_metric_families(text)
        if family.type in {"counter", "histogram"}
        for sample in family.samples
    }


def scrape(area: Area) -> str:
    """Return what a scrape of an area shows."""
    return area.exposition()[0].decode()
