"""What types check of single values. Knows no type."""
