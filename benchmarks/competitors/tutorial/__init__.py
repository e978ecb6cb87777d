"""The chat that Channels' tutorial teaches, written afresh: a group a room, a send a member."""
