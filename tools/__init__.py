"""Programs for people who develop Headrace or try it."""
