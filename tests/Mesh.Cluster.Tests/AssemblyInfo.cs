// Each test hosts several cluster members; together they would starve each other on two cores.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
