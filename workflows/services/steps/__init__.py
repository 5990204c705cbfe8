"""What the steps of a day do; their order is `workflows.pipeline.DAY`."""
