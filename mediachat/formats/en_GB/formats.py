"""Times say in which zone they are."""

DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "j M Y, H:i T"
