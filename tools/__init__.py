"""Programs for people who work on Headrace, or try it out."""
