"""Documents as people have them (PDF, DOCX, HTML ...): read into the jobs and resumes of a data folder."""
