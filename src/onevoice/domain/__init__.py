"""The nouns of the house: frozen structs without any input or output."""
