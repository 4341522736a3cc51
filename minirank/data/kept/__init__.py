"""What was made of data is kept beside them, in a form that is read at once: `store.py` says where, and when it is trusted."""
