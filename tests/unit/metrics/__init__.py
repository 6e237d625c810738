"""The registry, what each area shows, and dashboards, rules and runbook as files."""
