"""What lets other loops and libraries speak our events: one file each."""
