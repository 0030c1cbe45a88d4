"""Tokens of training data, counted with the tokenizer of the project's base model."""
