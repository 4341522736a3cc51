"""PDF files: their letters, which of them a person sees, and the order in which they are read."""
