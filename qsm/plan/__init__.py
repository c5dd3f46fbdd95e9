"""What is asked for, what was decided, and what the hosts write down of it: values."""
