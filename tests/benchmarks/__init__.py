"""handgrad beside other engines: the speed and the memory of each, measured in one run."""
