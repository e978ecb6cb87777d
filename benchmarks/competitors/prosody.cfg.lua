-- Rooms that keep an archive, for people without accounts; nothing else.
data_path = "@DATA@"
pidfile = "@DATA@/prosody.pid"
log = { error = "@DATA@/prosody.log" }
run_as_root = true
interfaces = { "127.0.0.1" }
c2s_ports = { @PORT@ }
s2s_ports = {}
modules_enabled = { "saslauth", "disco", "offline" }
modules_disabled = { "s2s", "offline", "tls" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
default_storage = "sql"
sql = { driver = "SQLite3", database = "@DATA@/prosody.sqlite" }
limits = {}

VirtualHost "localhost"
  authentication = "anonymous"

Component "conference.localhost" "muc"
  modules_enabled = { "muc_mam" }
  muc_log_by_default = true
  muc_log_all_rooms = true
  muc_room_default_persistent = true
  muc_room_locking = false
