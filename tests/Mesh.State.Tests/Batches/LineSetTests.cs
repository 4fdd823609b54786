using FsCheck.Xunit;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;

namespace Mesh.State.Tests.Batches;

public sealed class LineSetTests
{
    /// <summary>Against a set of single lines, which has no ranges to get wrong.</summary>
    [Property(MaxTest = 300)]
    public void It_is_a_set_of_lines(int[] operations)
    {
        var (set, model) = (new LineSet(), new SortedSet<int>());
        foreach (var operation in operations)
        {
            var range = new LineRange(Math.Abs(operation % 40), 1 + Math.Abs(operation / 40 % 7));
            var lines = Enumerable.Range(range.First, range.Count).ToList();
            if (!lines.Exists(model.Contains))
            {
                set.Add(range);
                model.UnionWith(lines);
            }
            else if (lines.TrueForAll(model.Contains))
            {
                Assert.True(set.Contains(range));
                set.Remove(range);
                model.ExceptWith(lines);
            }
            else
            {
                Assert.False(set.Contains(range));
                Assert.Throws<ArgumentException>(() => set.Add(range));
                Assert.Throws<ArgumentException>(() => set.Remove(range));
            }

            Assert.Equal(model, set.Lines);
            Assert.Equal(model.Count, set.Count);
            Assert.All(Enumerable.Range(-1, 60), line => Assert.Equal(model.Contains(line), set.Contains(line)));
            Assert.Equal(model.Take(5), new LineSet(set.First(5)).Lines);
            Assert.Equal(LineSet.Of([.. model.Reverse()]), set.Ranges);
            var asked = Enumerable.Range(range.First, range.Count).ToList();
            Assert.Equal(asked.Where(model.Contains), new LineSet(set.Within(range)).Lines);
            Assert.Equal(asked.Where(line => !model.Contains(line)), new LineSet(set.Outside(range)).Lines);
        }
    }

    [Fact]
    public void Neighbours_are_one_range()
    {
        var set = new LineSet([new(0, 3), new(5, 2), new(3, 2)]);
        Assert.Equal([new LineRange(0, 7)], set.Ranges);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 0)]
    [InlineData(5, -2)]
    [InlineData(int.MaxValue, 1)]
    public void What_is_no_range_is_refused(int first, int count) =>
        Assert.Throws<ArgumentException>(() => new LineSet([new(first, count)]));
}
