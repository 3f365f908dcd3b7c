"""What is wrong with a draft: flags, each found by a small function, and a score with its parts.

Pure: what is not in the draft itself (whether its recipient is suppressed, was written to, is known) is handed in with
it. Every finder reads a text a fixed number of times, whatever stands in it.
"""
