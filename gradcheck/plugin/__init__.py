"""What pytest_plugin.py loads once `--gradcheck`, the fixture or the marker is used."""
