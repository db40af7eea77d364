"""Things of PyTorch and JAX as specimens; a file here is imported only where its framework is loaded already."""
