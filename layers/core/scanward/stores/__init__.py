"""DynamoDB and S3. The only place that knows an SDK, and the only one that spells keys."""
