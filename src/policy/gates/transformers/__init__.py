"""The callback for the Trainer of transformers: a training is judged before its first step, and all ranks stop."""
