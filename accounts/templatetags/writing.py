"""Renders form fields for text."""

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def written(field: BoundField) -> SafeString:
    """Renders a field of a form; its text follows the direction of its own letters."""
    is_text = field.widget_type in ("text", "textarea")
    return field.as_widget(attrs={"dir": "auto"} if is_text else None)
