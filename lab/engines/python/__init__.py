"""The engine that needs nothing else: the operations of the contract in Python."""
