"""Names browsers and programs in a way that people recognise."""

from django import template

register = template.Library()

# In this order: Edge calls itself Chrome too, and Chrome calls itself Safari.
PROGRAMS = (
    ("VS Code", "VS Code"),
    ("Code/", "VS Code"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("node", "A program"),
    ("python", "A program"),
    ("curl", "A program"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@register.filter
def device(user_agent: str) -> str:
    """Returns, for example, "Firefox on Linux" for a user agent."""
    program = next((name for sign, name in PROGRAMS if sign in user_agent), "Unknown program")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    return f"{program} on {system}" if system else program
