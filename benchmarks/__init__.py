"""Media Chat beside what people run today, on the same load in the same run: ``make bench``."""
