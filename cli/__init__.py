"""The command `qsm`."""
