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


def scrape(area: Area) -> str:
    """Return what a scrape of an area shows."""
    return area.exposition()[0].decode()
