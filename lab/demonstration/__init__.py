"""The demonstration: a laboratory of its own, watched from outside, and the verdict."""
