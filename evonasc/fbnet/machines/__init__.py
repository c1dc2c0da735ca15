"""How long FBNet's blocks take on machines that HW-NAS-Bench and HELP measured or simulated."""
