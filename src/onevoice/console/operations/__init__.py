"""What runs the house: rejected events, sources and health."""
