"""One loopback server that speaks the feeds' protocols over a simulated or a recorded corpus."""
