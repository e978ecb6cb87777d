"""Forms with which people change their own accounts."""

import uuid
from typing import Any

from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.contrib.auth import password_validation

from accounts.models import User, WasErased
from accounts.profile import avatars
from accounts.profile.allowed_names import clean_display_name, clean_username
from mediachat.monitoring import disk


class FirstAdministratorForm(forms.Form):
    username = forms.CharField(
        max_length=40, widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validation.password_validators_help_text_html,
    )
    again = forms.CharField(
        label="Password again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_username(self) -> str:
        return clean_username(self.cleaned_data["username"], is_appointed=True)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        if password and password != cleaned.get("again"):
            self.add_error("again", "The two passwords differ. Type the same one twice.")
        elif password:
            try:
                password_validation.validate_password(
                    password, User(username=cleaned.get("username", ""))
                )
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person's name and picture. The picture is redrawn, so that nothing can hide in it."""

    picture = forms.FileField(
        required=False,
        help_text="PNG, JPEG, GIF or WebP, at most 5 MB. It is cut to a square.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/gif,image/webp"}),
    )
    remove_picture = forms.BooleanField(required=False, label="Remove my picture")

    class Meta:
        model = User
        fields = ("display_name",)
        help_texts = {
            "display_name": "What others see beside your messages. Empty shows your username."
        }
        widgets = {"display_name": forms.TextInput(attrs={"autocomplete": "name"})}

    def clean_display_name(self) -> str:
        return clean_display_name(self.instance, str(self.cleaned_data["display_name"]))

    def clean_picture(self) -> Any:
        upload = self.cleaned_data["picture"]
        if not upload:
            return None
        if not disk.has_room():
            raise forms.ValidationError(disk.FULL)
        try:
            return avatars.redraw(self.instance.pk, upload)
        except avatars.InvalidImage as error:
            raise forms.ValidationError(str(error)) from error

    def save(self, commit: bool = True) -> User:
        person: User = super().save(commit=False)
        old = person.avatar.name
        if picture := self.cleaned_data["picture"]:
            # An unguessable name: everyone who sees a person's messages may load their picture.
            person.avatar.save(f"{uuid.uuid4().hex}.webp", picture, save=False)
        elif self.cleaned_data["remove_picture"]:
            person.avatar = ""
        try:
            person.save(update_fields=["display_name", "avatar"])
        except WasErased:
            if picture:
                person.avatar.storage.delete(str(person.avatar.name))
            raise
        if old and old != person.avatar.name:
            # After the row: an unused picture is better than a missing one.
            person.avatar.storage.delete(old)
        return person


class ErasureForm(forms.Form):
    """Decides whether a person's messages are kept when they are erased."""

    messages = forms.ChoiceField(
        label="Your messages",
        choices=[
            ("delete", "Delete them, with my reactions"),
            ("keep", "Keep them, under a name that says nothing of me"),
        ],
        widget=forms.RadioSelect,
    )


class TwoStepForm(ActivateTOTPForm):
    """Named in ``MFA_FORMS``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "Code that the app shows"
