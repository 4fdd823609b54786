using System.Collections.Frozen;
using System.Globalization;
using Mesh.Messages;

namespace Mesh.Seed.Models;

/// <summary>Reads a config.pbtxt. What would change the meaning of a request and is not done here is refused, the rest noted.</summary>
internal static class ModelConfigText
{
    // Fields of Triton's ModelConfig that tune its own server; a name in neither list is a mistake in the file.
    private static readonly FrozenSet<string> WithoutEffect = new[]
    {
        "runtime", "version_policy", "batch_input", "batch_output", "optimization", "instance_group", "cc_model_filenames",
        "metric_tags", "model_warmup", "model_operations", "model_transaction_policy", "model_repository_agents",
        "response_cache", "model_metrics",
    }.ToFrozenSet();

    /// <exception cref="ModelUnavailableException">The text cannot be read or asks for what is not done here.</exception>
    public static ModelConfig Parse(string text)
    {
        try
        {
            var reader = new Builder();
            foreach (var field in PbText.Parse(text).Fields)
                reader.Add(field);
            return reader.Build();
        }
        catch (FormatException e)
        {
            throw new ModelUnavailableException($"config.pbtxt, {e.Message}.");
        }
    }

    private static string Scalar(PbText.Field field) =>
        field.Scalar ?? throw new FormatException($"line {field.Line}: '{field.Name}' must be a single value");

    private static IReadOnlyList<PbText.Field> Fields(PbText.Field field) =>
        field.Message?.Fields ?? throw new FormatException($"line {field.Line}: '{field.Name}' must be a block in braces");

    private static long Integer(PbText.Field field, long min, long max) =>
        long.TryParse(Scalar(field), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw new FormatException($"line {field.Line}: '{field.Name}' must be an integer from {min} to {max}, got '{field.Scalar}'");

    private static FormatException Unsupported(PbText.Field field) =>
        new($"line {field.Line}: '{field.Name}' is not supported");

    private static TensorDatatype Datatype(PbText.Field field)
    {
        var text = Scalar(field);
        var name = text == "TYPE_STRING" ? "BYTES" : text.StartsWith("TYPE_", StringComparison.Ordinal) ? text[5..] : "";
        return Datatypes.TryParse(name, out var datatype)
            ? datatype
            : throw new FormatException($"line {field.Line}: '{text}' is not a data type that is served here");
    }

    private sealed class Builder
    {
        private readonly List<ConfiguredTensor> _inputs = [];
        private readonly List<ConfiguredTensor> _outputs = [];
        private readonly SortedSet<string> _ignored = [];
        private string? _name;
        private string? _platform;
        private string? _backend;
        private int _maxBatchSize;
        private TimeSpan? _maxQueueDelay;
        private string _deviceClasses = "";
        private string _publisher = "";

        public void Add(PbText.Field field)
        {
            switch (field.Name)
            {
                case "name": _name = Scalar(field); break;
                case "platform": _platform = Scalar(field); break;
                case "backend": _backend = Scalar(field); break;
                case "max_batch_size": _maxBatchSize = (int)Integer(field, 0, int.MaxValue); break;
                case "input": _inputs.Add(Tensor(field)); break;
                case "output": _outputs.Add(Tensor(field)); break;
                case "dynamic_batching": AddDynamicBatching(field); break;
                case "parameters": AddParameter(field); break;
                case "default_model_filename" when Scalar(field) == "model.onnx": break;
                case "default_model_filename" or "sequence_batching" or "ensemble_scheduling": throw Unsupported(field);
                case var name when WithoutEffect.Contains(name): _ignored.Add(name); break;
                default: throw new FormatException($"line {field.Line}: '{field.Name}' is not a field of a model configuration");
            }
        }

        public ModelConfig Build() =>
            new(_name, _platform, _backend, _maxBatchSize, _inputs, _outputs, _maxQueueDelay, [.. _ignored]) { DeviceClasses = _deviceClasses, Publisher = _publisher };

        /// <summary>A map entry: a key and a message whose string_value is the value.</summary>
        private void AddParameter(PbText.Field entry)
        {
            var fields = Fields(entry);
            var key = fields.FirstOrDefault(field => field.Name == "key");
            switch (key is null ? "" : Scalar(key))
            {
                case "mesh_device_class": _deviceClasses = string.Join(',', Names(fields, key!, "device class")); break;
                case "mesh_publisher": _publisher = Names(fields, key!, "publisher's name") is [var one] ? one : throw OnePublisher(key!); break;
                default: _ignored.Add("parameters"); break;
            }
        }

        private static FormatException OnePublisher(PbText.Field key) => new($"line {key.Line}: 'mesh_publisher' names more than one");

        /// <summary>The entry's value: names separated by commas.</summary>
        private static string[] Names(IReadOnlyList<PbText.Field> entry, PbText.Field key, string what)
        {
            var parameter = Scalar(key);
            var text = entry.Where(field => field.Name == "value").SelectMany(Fields).FirstOrDefault(field => field.Name == "string_value")
                ?? throw new FormatException($"line {key.Line}: '{parameter}' has no value {{ string_value: … }}");
            var names = Scalar(text).Split(',', StringSplitOptions.TrimEntries);
            return names.FirstOrDefault(name => !VehicleId.TryParse(name, out _)) is not { } wrong
                ? names
                : throw new FormatException($"line {text.Line}: '{wrong}' in '{parameter}' is no {what}: letters, digits, '-', '_' or '.'");
        }

        private void AddDynamicBatching(PbText.Field block)
        {
            _maxQueueDelay ??= TimeSpan.Zero;
            foreach (var field in Fields(block))
            {
                if (field.Name == "max_queue_delay_microseconds")
                    _maxQueueDelay = TimeSpan.FromMicroseconds(Integer(field, 0, int.MaxValue));
                else
                    _ignored.Add($"dynamic_batching.{field.Name}");
            }
        }

        private ConfiguredTensor Tensor(PbText.Field block)
        {
            string? name = null;
            TensorDatatype? datatype = null;
            List<long>? dims = null;
            foreach (var field in Fields(block))
            {
                switch (field.Name)
                {
                    case "name": name = Scalar(field); break;
                    case "data_type": datatype = Datatype(field); break;
                    case "dims": (dims ??= []).Add(Integer(field, -1, long.MaxValue)); break;
                    case "reshape" or "is_shape_tensor" or "is_non_linear_format_io": throw Unsupported(field);
                    default: _ignored.Add($"{block.Name}.{field.Name}"); break;
                }
            }

            return new ConfiguredTensor(name ?? throw new FormatException($"line {block.Line}: '{block.Name}' has no name"), datatype, dims);
        }
    }
}
