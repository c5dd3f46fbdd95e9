"""The ground floor: what hosts report, as frozen values. Imports nothing else of the project."""
