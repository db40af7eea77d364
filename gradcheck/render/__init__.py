"""From a record to something a person reads."""
