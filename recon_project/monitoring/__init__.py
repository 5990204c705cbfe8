"""What Prometheus reads of the desk."""
