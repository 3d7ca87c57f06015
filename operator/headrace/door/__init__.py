"""HTTP as our processes speak it: the pages for probes and scrapers, and bounded connections."""
