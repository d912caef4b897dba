"""Which of the two text formats a scraper wants."""

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_VERSIONS = ("", "1.0.0")


def wants_open_metrics(accept: str) -> bool:
    """Say whether an Accept header prefers OpenMetrics 1.0 to Prometheus' own format.

    A tie goes to what is named first; without a header, or with one that cannot be read, it is
    Prometheus' format, which every scraper takes.
    """
    best, is_open = 0.0, False
    for choice in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in choice.split(";"))
        asked = dict(pair.partition("=")[::2] for pair in parameters)
        is_known = kind in ("text/plain", "text/*", "*/*")
        if kind == "application/openmetrics-text" and asked.get("version", "") in _VERSIONS:
            is_known = True
        weight = _weight(asked.get("q", "1"))
        if is_known and weight > best:
            best, is_open = weight, kind == "application/openmetrics-text"
    return is_open


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
