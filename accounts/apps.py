from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from accounts import (  # noqa: F401  (connect their receivers)
            changes,
            devices,
            guessing,
            sessions,
            sign_ins,
        )
        from accounts.passwords import keep_spaces

        keep_spaces()
