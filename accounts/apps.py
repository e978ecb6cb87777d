from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        # Each connects its receivers.
        from accounts.passwords.spaces import keep_spaces
        from accounts.records import changes, sign_ins  # noqa: F401
        from accounts.sessions import signed_in  # noqa: F401
        from accounts.sign_in import devices, guessing  # noqa: F401

        keep_spaces()
