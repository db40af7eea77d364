"""How people spell a layer: one small file a family, tried in the order of `table`."""
