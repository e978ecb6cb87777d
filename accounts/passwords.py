"""What allauth takes for a password from programs.

allauth's forms keep the spaces at the beginning and the end of a password. Its API inputs strip
them, so a password that was set in a form would be refused by the API.
"""

from allauth.headless.account.inputs import (
    ChangePasswordInput,
    LoginInput,
    ResetPasswordInput,
    SignupInput,
)
from allauth.headless.internal.restkit.inputs import Input
from django.forms import CharField

INPUTS: tuple[type[Input], ...] = (
    ChangePasswordInput,
    LoginInput,
    ResetPasswordInput,
    SignupInput,
)


def keep_spaces() -> None:
    """Has these inputs take each password as it was typed."""
    for each in INPUTS:
        for name, field in each.base_fields.items():
            if "password" in name and isinstance(field, CharField):
                field.strip = False
