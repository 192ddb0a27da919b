"""One congregation becoming two: which sides tear least. Pure functions over plain values."""
