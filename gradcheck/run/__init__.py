"""The one pipeline, and the campaign that runs it over many targets."""
