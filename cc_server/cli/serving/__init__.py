"""The processes that serve: uvicorn as we run it, its parser with limits, several workers behind one port."""
