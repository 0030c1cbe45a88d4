"""The use cases of waivers: which count in a run, listing them, asking for one."""
