"""The engine behind the figures of every page: a mounted lake and the expressions asked of it."""
