"""The data folder: jobs, resumes, recruiters, hires and impressions, read, checked and split in time."""
