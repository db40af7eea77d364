"""Results as plain JSON data."""
