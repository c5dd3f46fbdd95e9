"""The guest, and the VM's process around it."""
