"""The kits that every plug-in must pass; public, for plug-in authors too."""
