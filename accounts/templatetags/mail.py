"""Whether this server sends e-mail, also for templates that allauth renders without a request."""

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def mail_works() -> bool:
    return bool(settings.EMAIL_URL)
