using System.Security.Cryptography;
using Mesh.Seed.Models;
using Mesh.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mesh.State.Tests.Models;

public sealed class ModelRepositoryTests : IDisposable
{
    private static readonly byte[] Good = OnnxFile.Identity((TensorElementType.Float, [-1, 4]));
    private readonly RepositoryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_models_of_the_checkout_are_ready_with_what_they_say_about_themselves()
    {
        var repository = new ModelRepository(Checkout.Models, NullLogger<ModelRepository>.Instance);
        repository.Rescan();

        Assert.Equal(["blazeface", "fashion_cnn", "lande"], repository.Snapshot.Models.Keys.Order());
        Assert.All(repository.Snapshot.Versions, version => Assert.Equal((ModelState.READY, ""), (version.State, version.Reason)));
        var fashion = repository.Find("fashion_cnn")!.Model!;
        var input = Assert.Single(fashion.Inputs);
        Assert.Equal(("image", TensorDatatype.FP32), (input.Name, input.Datatype));
        Assert.Equal([-1, 1, 28, 28], input.Shape);
        var output = Assert.Single(fashion.Outputs);
        Assert.Equal(("probabilities", TensorDatatype.FP32), (output.Name, output.Datatype));
        Assert.Equal([-1, 10], output.Shape);
        var bytes = File.ReadAllBytes(Checkout.Artifact("fashion_cnn"));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), fashion.Reference.Hash.Hex);
        Assert.Equal(bytes.Length, fashion.Reference.Size);
    }

    [Theory]
    [InlineData((int)TensorElementType.Bool, TensorDatatype.BOOL)]
    [InlineData((int)TensorElementType.UInt8, TensorDatatype.UINT8)]
    [InlineData((int)TensorElementType.UInt16, TensorDatatype.UINT16)]
    [InlineData((int)TensorElementType.UInt32, TensorDatatype.UINT32)]
    [InlineData((int)TensorElementType.UInt64, TensorDatatype.UINT64)]
    [InlineData((int)TensorElementType.Int8, TensorDatatype.INT8)]
    [InlineData((int)TensorElementType.Int16, TensorDatatype.INT16)]
    [InlineData((int)TensorElementType.Int32, TensorDatatype.INT32)]
    [InlineData((int)TensorElementType.Int64, TensorDatatype.INT64)]
    [InlineData((int)TensorElementType.Float16, TensorDatatype.FP16)]
    [InlineData((int)TensorElementType.Float, TensorDatatype.FP32)]
    [InlineData((int)TensorElementType.Double, TensorDatatype.FP64)]
    [InlineData((int)TensorElementType.String, TensorDatatype.BYTES)]
    public void Every_datatype_of_ONNX_that_OIP_has_is_served(int type, TensorDatatype expected)
    {
        _folder.WriteModel("m", OnnxFile.Identity(((TensorElementType)type, [2, -1])));
        var model = _folder.Rescanned("m").Model;
        Assert.NotNull(model);
        Assert.Equal(expected, Assert.Single(model.Inputs).Datatype);
        Assert.Equal([2, -1], model.Outputs[0].Shape);
    }

    [Fact]
    public void A_scalar_is_served_and_an_unknown_rank_is_not()
    {
        _folder.WriteModel("scalar", OnnxFile.Identity((TensorElementType.Float, [])));
        _folder.WriteModel("unknown", OnnxFile.Identity((TensorElementType.Float, null)));
        Assert.Empty(Assert.Single(_folder.Rescanned("scalar").Model!.Inputs).Shape);
        AssertUnavailable(_folder.Rescanned("unknown"), "input 'x0' declares no shape");
    }

    [Fact]
    public void Models_that_OIP_cannot_carry_are_unavailable_with_the_reason()
    {
        _folder.WriteModel("bf16", OnnxFile.Identity((TensorElementType.BFloat16, [1])));
        _folder.WriteModel("sequence", OnnxFile.SequenceIdentity());
        AssertUnavailable(_folder.Rescanned("bf16"), "input 'x0' has datatype BF16");
        AssertUnavailable(_folder.Rescanned("sequence"), "input 'x0' is a sequence");
    }

    [Fact]
    public void Broken_files_are_unavailable_with_the_reason()
    {
        var real = File.ReadAllBytes(Checkout.Artifact("fashion_cnn"));
        _folder.WriteModel("empty", []);
        _folder.WriteModel("text", "this is no model"u8.ToArray());
        _folder.WriteModel("truncated", real[..(real.Length / 2)]);
        var noise = (byte[])real.Clone();
        new Random(1).NextBytes(noise.AsSpan(0, 4096));
        _folder.WriteModel("overwritten", noise);
        Directory.CreateDirectory(Path.Combine(_folder.Path, "nothing", "1"));
        AssertUnavailable(_folder.Rescanned("empty"), "0 bytes");
        AssertUnavailable(_folder.Rescanned("text"), "cannot be loaded");
        AssertUnavailable(_folder.Rescanned("truncated"), "cannot be loaded");
        AssertUnavailable(_folder.Rescanned("overwritten"), "cannot be loaded");
        AssertUnavailable(_folder.Rescanned("nothing"), "holds no model.onnx");
    }

    [Fact]
    public void No_prefix_of_a_model_makes_the_scan_throw()
    {
        for (var length = 0; length < Good.Length; length++)
        {
            _folder.WriteModel("growing", Good[..length]);
            _folder.Rescanned("growing");
        }

        _folder.WriteModel("growing", Good);
        Assert.Equal(ModelState.READY, _folder.Rescanned("growing").State);
    }

    [Fact]
    public void A_half_copied_model_becomes_ready_by_itself()
    {
        var real = File.ReadAllBytes(Checkout.Artifact("lande"));
        _folder.WriteModel("lande", real[..1000]);
        AssertUnavailable(_folder.Rescanned("lande"), "cannot be loaded");
        _folder.WriteModel("lande", real);
        Assert.Equal(real.Length, _folder.Rescanned("lande").Model!.Reference.Size);
    }

    [Fact]
    public void A_changed_model_gets_its_new_hash_and_the_old_artifact_is_gone()
    {
        _folder.WriteModel("m", Good);
        var old = _folder.Rescanned("m").Model!.Reference.Hash;
        var changed = OnnxFile.Identity((TensorElementType.Double, [-1, 4]));
        _folder.WriteModel("m", changed);
        var now = _folder.Rescanned("m").Model!;
        Assert.Equal(SHA256.HashData(changed), now.Reference.Hash.ToBytes());
        Assert.Null(_folder.Repository.Snapshot.FindArtifact(old));
        Assert.Same(now, _folder.Repository.Snapshot.FindArtifact(now.Reference.Hash));
    }

    [Fact]
    public void Removed_models_and_versions_disappear()
    {
        _folder.WriteModel("m", Good, "1");
        _folder.WriteModel("m", Good, "2");
        _folder.WriteModel("other", Good);
        Assert.Equal("2", _folder.Rescanned("m").Version);
        Directory.Delete(Path.Combine(_folder.Path, "m", "2"), recursive: true);
        Assert.Equal("1", _folder.Rescanned("m").Version);
        Directory.Delete(Path.Combine(_folder.Path, "m"), recursive: true);
        _folder.Repository.Rescan();
        Assert.Equal(["other"], _folder.Repository.Snapshot.Models.Keys);
    }

    [Fact]
    public void A_folder_that_is_not_there_yet_is_an_empty_repository()
    {
        var later = Path.Combine(_folder.Path, "later");
        var repository = new ModelRepository(later, NullLogger<ModelRepository>.Instance);
        repository.Rescan();
        Assert.Empty(repository.Snapshot.Models);
        _folder.Write("later/m/1/model.onnx", Good);
        repository.Rescan();
        Assert.Equal(ModelState.READY, repository.Find("m")!.State);
    }

    [Fact]
    public void A_scan_without_changes_reads_nothing_again()
    {
        var path = _folder.WriteModel("m", Good);
        var before = _folder.Rescanned("m");
        var snapshot = _folder.Repository.Snapshot;
        // Same size and time as before: only a scan that reads the content would notice.
        var written = File.GetLastWriteTimeUtc(path);
        File.WriteAllBytes(path, new byte[Good.Length]);
        File.SetLastWriteTimeUtc(path, written);
        Assert.Same(before, _folder.Rescanned("m"));
        Assert.Same(snapshot, _folder.Repository.Snapshot);
    }

    [Fact]
    public void What_is_no_version_is_ignored()
    {
        _folder.Write("LICENSE", [1]);
        _folder.Write("m/train.py", [1]);
        _folder.Write("m/readme", [1]);
        foreach (var version in (string[])["v1", "01", "0", "-1", "1.0", "99999999999999999999", ".git"])
            _folder.WriteModel("m", Good, version);
        _folder.WriteModel(".hidden", Good);
        _folder.WriteModel("m", Good, "7");
        _folder.Repository.Rescan();
        var version7 = Assert.Single(_folder.Repository.Snapshot.Versions);
        Assert.Equal(("m", "7"), (version7.Name, version7.Version));
    }

    [Fact]
    public void The_newest_ready_version_by_number_is_found_without_a_version()
    {
        _folder.WriteModel("m", Good, "9");
        _folder.WriteModel("m", Good, "10");
        _folder.WriteModel("m", [1, 2, 3], "11");
        Assert.Equal("10", _folder.Rescanned("m").Version);
        Assert.Equal("10", _folder.Rescanned("m", "").Version);
        Assert.Equal(ModelState.UNAVAILABLE, _folder.Rescanned("m", "11").State);
        Assert.Equal("9", _folder.Rescanned("m", "9").Version);
        Assert.Null(_folder.Repository.Find("m", "12"));
        Assert.Null(_folder.Repository.Find("M"));
    }

    [Fact]
    public void A_folder_in_place_of_the_artifact_does_no_harm()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "odd", "1", "model.onnx"));
        _folder.WriteModel("good", Good);
        AssertUnavailable(_folder.Rescanned("odd"), "holds no model.onnx");
        Assert.Equal(ModelState.READY, _folder.Rescanned("good").State);
    }

    [Fact]
    public void What_the_log_says_of_the_repository_is_already_so()
    {
        // An operator, or a test, that reads "READY" asks for the model at once.
        ModelRepository repository = null!;
        var seen = new List<string>();
        repository = new ModelRepository(_folder.Path, new LookingLogger(message =>
            seen.Add($"{message.Split(':')[0]}: {repository.Find("m")?.Version ?? "none"}")));
        _folder.WriteModel("m", Good, "1");
        repository.Rescan();
        _folder.WriteModel("m", Good, "2");
        repository.Rescan();
        Directory.Delete(Path.Combine(_folder.Path, "m"), recursive: true);
        repository.Rescan();
        Assert.Equal(["Model m/1 is READY: 1", "Model m/2 is READY: 2"], seen[..2]);
        // A dictionary's order, which nobody promises.
        Assert.Equal(
            ["Model m/1 was removed from the repository.: none", "Model m/2 was removed from the repository.: none"], seen[2..].Order());
    }

    private sealed class LookingLogger(Action<string> look) : ILogger<ModelRepository>
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            look(formatter(state, exception));
    }

    private static void AssertUnavailable(ModelVersion version, string reason)
    {
        Assert.Equal(ModelState.UNAVAILABLE, version.State);
        Assert.Null(version.Model);
        Assert.Contains(reason, version.Reason, StringComparison.Ordinal);
    }
}
