"""Judges of what came of a migration.

verify_disks.py, verify_guest.py   programs that share nothing with the product
leftovers.py                       what lies on both hosts that did not lie there before
"""
