print("notes on logging")
