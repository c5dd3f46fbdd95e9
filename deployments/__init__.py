"""What prefect.yaml cannot say."""
