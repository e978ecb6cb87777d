"""Django's rules for new passwords, held against what is hashed rather than what was typed.

Wide letters and the like are hashed as plain ones. Held against what was typed, the wide form of
``password123`` would pass as uncommon, and the plain one would then open the account.
"""

from typing import Any

from django.contrib.auth import password_validation as django_rules

from accounts.hashers import normalized


class _OfWhatIsHashed:
    def validate(self, password: str, user: Any = None) -> None:
        """Refuses a password that breaks the rule.

        Raises:
            ValidationError: with what to do about it.
        """
        super().validate(normalized(password), user)  # type: ignore[misc]


class Unlike(_OfWhatIsHashed, django_rules.UserAttributeSimilarityValidator):
    """Unlike the person's names."""


class LongEnough(_OfWhatIsHashed, django_rules.MinimumLengthValidator):
    """Of eight characters at least."""


class Uncommon(_OfWhatIsHashed, django_rules.CommonPasswordValidator):
    """None of those that are tried first."""


class NotOnlyDigits(_OfWhatIsHashed, django_rules.NumericPasswordValidator):
    """With more than digits."""
