"""torch.version: for programs that ask which devices torch was built for."""

cuda = None
hip = None
xpu = None
