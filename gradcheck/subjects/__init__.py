"""The uniform view of a layer: named leaves, forward, vjp, and a guard that leaves no trace."""
