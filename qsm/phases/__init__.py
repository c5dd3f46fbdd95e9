"""One file per step of a migration."""
