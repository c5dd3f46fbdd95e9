"""One file per step of a migration, in the order of `flows/migrate_vm.py`."""
