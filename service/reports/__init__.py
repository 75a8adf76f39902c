"""Coverage, baselines and open data: counts of households, never households."""
