using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Seed.Routing.Queueing;

namespace Mesh.State.Tests.Routing.Queueing;

public sealed class RankedSetTests
{
    [Property(MaxTest = 300)]
    public Property It_is_a_sorted_set_that_counts() => Prop.ForAll(
        Gen.Choose(0, 1_000_000).ArrayOf(100).ToArbitrary(),
        steps =>
        {
            var (ranked, plain) = (new RankedSet(), new SortedSet<(TimeSpan Deadline, ulong Id)>());
            foreach (var step in steps)
            {
                var key = (TimeSpan.FromSeconds(step % 20), (ulong)(step / 20 % 5));
                if (step % 3 > 0 && plain.Add(key))
                    ranked.Add(key);
                else
                    Assert.Equal(plain.Remove(key), ranked.Remove(key));
                Assert.Equal(plain.Count, ranked.Count);
                Assert.Equal(plain.Take(3), ranked.First(3));
                Assert.Equal(plain.Count(k => k.Deadline <= key.Item1), ranked.CountUntil(key.Item1));
                if (plain.Count > 0)
                    Assert.Equal(plain.Min, ranked.Min);
            }

            Assert.Equal(plain, ranked.First(int.MaxValue));
        });
}
