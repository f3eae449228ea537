"""Media: one file each, from a brief to the bytes of that medium."""
