using Mesh.Testing;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Mesh.Actors.Tests.Routing;

/// <summary>
/// A fact of a spec that runs on several databases; skipped, with the reason, in a class that <see cref="NeedsPostgresAttribute"/>
/// marks where no PostgreSQL can be had. CI fails on such a skip.
/// </summary>
[XunitTestCaseDiscoverer("Mesh.Actors.Tests.Routing.JournalFactDiscoverer", "Mesh.Actors.Tests")]
[AttributeUsage(AttributeTargets.Method)]
public sealed class JournalFactAttribute : FactAttribute;

[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsPostgresAttribute : Attribute;

public sealed class JournalFactDiscoverer(IMessageSink sink) : IXunitTestCaseDiscoverer
{
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute)
    {
        yield return new JournalTestCase(
            sink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod);
    }
}

public sealed class JournalTestCase : XunitTestCase
{
    [Obsolete("For deserialization only.")]
    public JournalTestCase()
    {
    }

    public JournalTestCase(IMessageSink sink, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method)
        : base(sink, display, options, method)
    {
    }

    protected override string? GetSkipReason(IAttributeInfo factAttribute) =>
        TestMethod.TestClass.Class.GetCustomAttributes(typeof(NeedsPostgresAttribute).AssemblyQualifiedName).Any()
            ? PostgresServer.Unavailable
            : base.GetSkipReason(factAttribute);
}
