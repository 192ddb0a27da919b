"""Settings, the URL map, the schedule, and what keeps them running."""

PRODUCT = "Tableful"
