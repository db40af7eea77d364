"""What every other step stands on: errors, precision, randomness."""
