"""What runs on the hosts: the scripts that travel (`bootstrap`) and the module `QuickStorageMigration`."""
