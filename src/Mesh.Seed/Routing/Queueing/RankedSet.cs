namespace Mesh.Seed.Routing.Queueing;

/// <summary>
/// Requests by deadline, then number, that also tells how many are before a deadline: a treap with sizes, each operation in
/// O(log n). Its shape depends on its content alone.
/// </summary>
internal sealed class RankedSet
{
    private Node? _root;

    public int Count => Size(_root);

    /// <summary>The earliest; only of a set that is not empty.</summary>
    public (TimeSpan Deadline, ulong Id) Min
    {
        get
        {
            var node = _root ?? throw new InvalidOperationException("An empty set has no earliest request.");
            while (node.Left is not null)
                node = node.Left;
            return node.Key;
        }
    }

    public void Add((TimeSpan Deadline, ulong Id) key)
    {
        var (before, after) = Split(_root, key);
        _root = Merge(Merge(before, new Node(key)), after);
    }

    public bool Remove((TimeSpan Deadline, ulong Id) key)
    {
        var (before, rest) = Split(_root, key);
        var (found, after) = Split(rest, (key.Deadline, key.Id + 1));
        _root = Merge(before, after);
        return found is not null;
    }

    /// <summary>Requests whose deadline is not after this one.</summary>
    public int CountUntil(TimeSpan deadline)
    {
        var count = 0;
        for (var node = _root; node is not null;)
        {
            if (node.Key.Deadline <= deadline)
            {
                count += Size(node.Left) + 1;
                node = node.Right;
            }
            else
            {
                node = node.Left;
            }
        }

        return count;
    }

    /// <summary>The first ones in order, at most so many.</summary>
    public IEnumerable<(TimeSpan Deadline, ulong Id)> First(int most)
    {
        var path = new Stack<Node>();
        for (var node = _root; most > 0 && (node is not null || path.Count > 0); node = node?.Right)
        {
            for (; node is not null; node = node.Left)
                path.Push(node);
            node = path.Pop();
            yield return node.Key;
            most--;
        }
    }

    private static int Size(Node? node) => node?.Size ?? 0;

    /// <summary>Those before the key, and the key with those after it.</summary>
    private static (Node? Before, Node? After) Split(Node? node, (TimeSpan, ulong) key)
    {
        if (node is null)
            return (null, null);
        if (node.Key.CompareTo(key) < 0)
        {
            var (before, after) = Split(node.Right, key);
            node.Right = before;
            return (node.Measured(), after);
        }
        else
        {
            var (before, after) = Split(node.Left, key);
            node.Left = after;
            return (before, node.Measured());
        }
    }

    private static Node? Merge(Node? before, Node? after)
    {
        if (before is null || after is null)
            return before ?? after;
        if (before.Weight >= after.Weight)
        {
            before.Right = Merge(before.Right, after);
            return before.Measured();
        }

        after.Left = Merge(before, after.Left);
        return after.Measured();
    }

    private sealed class Node((TimeSpan Deadline, ulong Id) key)
    {
        public (TimeSpan Deadline, ulong Id) Key { get; } = key;

        /// <summary>Fibonacci hashing scatters the ids, which are numbers in a row.</summary>
        public ulong Weight { get; } = (key.Id + 1) * 0x9E3779B97F4A7C15 ^ ((key.Id + 1) * 0x9E3779B97F4A7C15 >> 29);

        public Node? Left { get; set; }

        public Node? Right { get; set; }

        public int Size { get; private set; } = 1;

        public Node Measured()
        {
            Size = 1 + RankedSet.Size(Left) + RankedSet.Size(Right);
            return this;
        }
    }
}
