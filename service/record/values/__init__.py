"""Values: dates, units, coding, statuses, text, references."""
