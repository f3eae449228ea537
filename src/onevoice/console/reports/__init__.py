"""The dashboard: what is going on, in figures and charts."""
