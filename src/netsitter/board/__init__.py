"""The live page: what the journals of a folder say, in a browser on this machine. It reads journals, nothing else."""
