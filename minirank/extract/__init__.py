"""Fine-grained signals from job descriptions and resumes, each with its quoted evidence."""
