"""A bare config: every variable of this file overrides the script's variable of the same name."""

name = "KohakuEngine"
times = 2
