"""Who trains, who sets the threshold, who is judged; one file is one question."""
