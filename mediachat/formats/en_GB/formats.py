"""English formats, whose times include the time zone."""

DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "j M Y, H:i T"
