"""What every page stands in: the frame, the fences, the assets, the notices."""
