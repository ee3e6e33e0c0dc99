/x/ local:
