"""Systems compared: trained under every protocol and seed, judged, put side by side."""
