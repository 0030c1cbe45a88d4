"""Training files for a provider's fine-tuning service, judged by the rules that the provider publishes."""
