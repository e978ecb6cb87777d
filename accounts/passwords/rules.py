"""Django's password validators, applied to the normalised password that is hashed.

Wide letters and the like are hashed as plain ones. If the rules checked the text as typed, the wide
form of ``password123`` would pass as uncommon, and the plain one would then open the account.
"""

from typing import Any

from django.contrib.auth import password_validation as django_rules

from accounts.passwords.hashers import normalized


class _OfWhatIsHashed:
    def validate(self, password: str, user: Any = None) -> None:
        """Checks a normalised password against the rule.

        Raises:
            ValidationError: it breaks the rule; the message says what to change.
        """
        super().validate(normalized(password), user)  # type: ignore[misc]


class Unlike(_OfWhatIsHashed, django_rules.UserAttributeSimilarityValidator):
    """Refuses passwords that resemble the person's names."""


class LongEnough(_OfWhatIsHashed, django_rules.MinimumLengthValidator):
    """Refuses passwords of fewer than eight characters."""


class Uncommon(_OfWhatIsHashed, django_rules.CommonPasswordValidator):
    """Refuses the passwords that attackers try first."""


class NotOnlyDigits(_OfWhatIsHashed, django_rules.NumericPasswordValidator):
    """Refuses passwords that are only digits."""
