using Mesh.Demo.Processes;
using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Operators;

/// <summary>A process with an operators' port and sample commands, and a folder with <c>pbm</c> for the shells' PATH.</summary>
public sealed class OperatedGarage : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mesh-operators-");
    private ManagedProcess _process = null!;

    /// <summary>HOST:PORT.</summary>
    public string Host { get; private set; } = "";

    public string Folder => _folder.FullName;

    public string Path => $"{Folder}:{Environment.GetEnvironmentVariable("PATH")}";

    public async Task InitializeAsync()
    {
        _process = ManagedProcess.Start(ProcessSpec.Dotnet("garage", "Mesh.TestProgram.dll", ["operate", _folder.CreateSubdirectory("data").FullName]));
        Host = (await _process.WaitForLineAsync(line => line.StartsWith("operators ", StringComparison.Ordinal), TestMesh.Limit))["operators ".Length..];
        var pbm = System.IO.Path.Combine(Folder, "pbm");
        await File.WriteAllTextAsync(pbm, $"#!/bin/sh\nexec '{PbmTool.Dotnet}' '{PbmTool.Assembly}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(pbm, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public async Task DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
