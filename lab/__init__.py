"""Stand-in Hyper-V hosts: what a host does and refuses, without Windows."""
