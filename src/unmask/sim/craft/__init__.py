"""How attack instruments are made and held."""
