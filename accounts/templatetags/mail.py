"""Tags with which pages and e-mails look up this server's settings and addresses."""

from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.urls import reverse

register = template.Library()


@register.simple_tag
def mail_works() -> bool:
    """Returns whether this server sends e-mail."""
    return bool(settings.EMAIL_URL)


@register.simple_tag
def signup_is_open() -> bool:
    """Returns whether people can sign up."""
    return bool(settings.SIGNUP_OPEN)


@register.simple_tag(takes_context=True)
def address_of(context: Context, name: str) -> str:
    """Returns the absolute address of the page of this name, for an e-mail."""
    request: Any = context["request"]
    return str(request.build_absolute_uri(reverse(name)))
