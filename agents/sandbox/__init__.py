"""The sandbox: the embedded system, which stays, keeps its data in a folder, and is there to be tried."""
