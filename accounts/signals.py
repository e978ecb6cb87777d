"""Signals about people that other apps connect to.

Accounts do not import the chat; the chat connects to these.
"""

from django.dispatch import Signal

signed_out = Signal()
"""Someone's right to be here ended. Sent with ``user_id`` (UUID), ``session_key`` (str, or None
for all their sessions) and ``suspended`` (bool). It is sent inside the transaction that ends it:
receivers wait for the commit."""

password_rehashed = Signal()
"""A person's password, which stays the same, was rehashed. Sent with ``user`` (User) and
``before`` (str), what proved in their sessions that the password was theirs."""

profile_changed = Signal()
"""Someone changed how they are called or their picture. Sent with ``user`` (User)."""

account_changed = Signal()
"""Something about an account or a group of accounts changed that a record should be kept of. Sent
inside the transaction that changes it, with ``actor`` and ``action`` (str), ``about`` (User or
Group) and ``what`` (a sentence without secrets)."""

erasure_begun = Signal()
"""A person's account was closed for good. Sent inside the transaction that closes it, with
``erasure`` (Erasure)."""
