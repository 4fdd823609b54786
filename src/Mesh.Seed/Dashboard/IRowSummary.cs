using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mesh.Seed.Dashboard;

/// <summary>What is told of a table whose rows are too many to be told one by one.</summary>
internal interface IRowSummary
{
    void Add(ImmutableArray<string> columns, ImmutableArray<JsonValue?> cells);

    /// <summary>Writes properties of the answer's object.</summary>
    void Write(Utf8JsonWriter writer);
}
