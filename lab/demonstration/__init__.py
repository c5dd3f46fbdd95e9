"""The demonstration: a laboratory of its own, watched from outside, and the verdict.

plan.py      the VM that is moved, its neighbours and a slow link
watch.py     what the guest wrote and when, and what lies on the target before it goes on
verdict.py   what is shown at the end
"""
