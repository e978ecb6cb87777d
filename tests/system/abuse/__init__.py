"""One person, or nobody, who asks for the dearest things as fast as they can."""
