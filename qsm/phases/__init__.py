"""One file per step of a migration.

preflight → take_checkpoint → copy_base_disks → cutover (save_state, copy_changes, prepare_disks, import_vm, resume) →
clean_up; and abandon (the way back), finish (the way on), settle (which of the two).
"""
