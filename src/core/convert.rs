//! From a serverless instance to a Flex cluster.
