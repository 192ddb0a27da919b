"""How long things take, each beside the bare thing that it can't be faster than, measured in the same run."""
