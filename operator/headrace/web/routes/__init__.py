"""The routes under /api, one module for each subject. Each answer has a type."""
