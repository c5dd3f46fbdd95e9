"""The two engines that answer a lab host's calls; each needs only what stands above them."""
