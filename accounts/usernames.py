"""What may be a username.

Messages mention people as @username, so where a name ends has to be plain: letters, digits and
underscores, with single dots and hyphens between them.
"""

from django.core.validators import MaxLengthValidator, RegexValidator

validators = [
    RegexValidator(
        r"^\w+(?:[.-]\w+)*\Z",
        "Use letters, digits and underscores, with single dots or hyphens between them.",
    ),
    MaxLengthValidator(40, "Choose a name of at most 40 characters."),
]
RESERVED = ["all", "channel", "everyone", "here", "room", "system"]
