"""The channel layer within one process."""

from channels.layers import InMemoryChannelLayer


class InProcessLayer(InMemoryChannelLayer):
    """Channels' in-memory layer without its expiry.

    The stock layer walks through every group at every ``receive`` to drop members that joined
    a day ago, which costs more than all the rest once there are a thousand rooms. Here the hub
    is the only member: it reads at once and leaves the groups that it no longer needs.
    """

    def _clean_expired(self) -> None:
        pass
