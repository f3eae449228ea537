"""Channels: one pure file each, without a socket."""
