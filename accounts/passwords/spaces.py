"""Makes allauth's API take passwords as its forms do, with leading and trailing spaces.

allauth's forms keep those spaces. Its API inputs strip them, so the API would refuse a password
that was set in a form.
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
    """Makes these inputs take each password as it was typed."""
    for each in INPUTS:
        for name, field in each.base_fields.items():
            if "password" in name and isinstance(field, CharField):
                field.strip = False
