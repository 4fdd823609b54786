using Mesh.Seed.Routing.History;

namespace Mesh.Seed.Routing.Queries;

/// <summary>What the Dispatcher shows of itself to a question, while it answers it and not longer.</summary>
public sealed record RouterView(RouterState State, RouterHistory History, TimeSpan Now)
{
    public DateTimeOffset Wall => State.Fleet.WallClock(Now);
}

/// <summary>
/// An operator's question to the Dispatcher of the same process. Its answer is pure and shares nothing with the state that it was
/// made from; it is bounded, for the Dispatcher does nothing else meanwhile.
/// </summary>
public interface IRouterQuery
{
    object Answer(RouterView view);
}

/// <summary>A question with its kind of answer.</summary>
public interface IRouterQuery<out T> : IRouterQuery
    where T : notnull
{
    new T Answer(RouterView view);

    object IRouterQuery.Answer(RouterView view) => Answer(view);
}
