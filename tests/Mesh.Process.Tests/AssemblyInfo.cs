// Every test here starts processes or talks to them: two at once would only slow each other down on a small machine.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
