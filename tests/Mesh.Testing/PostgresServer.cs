using System.Collections.Concurrent;
using System.Globalization;
using Mesh.Demo.Processes;
using Npgsql;

namespace Mesh.Testing;

/// <summary>
/// A PostgreSQL for tests: the one that <c>MESH_TEST_POSTGRES</c> names, else a private one on loopback in a temporary
/// folder, with the durability of production (fsync stays on). One serves a whole test process: it starts with the first
/// test that asks for it, and ends with the process, however that ends.
/// <example>
/// <code>
/// [PostgresFact]
/// public async Task It_lasts()
/// {
///     var connectionString = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
/// }
/// </code>
/// </example>
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Variable = "MESH_TEST_POSTGRES";
    private const string NamePrefix = "mesh_test_";
    private const int StartAttempts = 3;

    // The last process that may hold the pipe open ends the server: fast shutdown, then the folder goes. The reader has
    // our standard input as descriptor 3, because a shell gives /dev/null to what it runs in the background.
    private const string Watchdog =
        """
        trap '' INT HUP
        folder=$1; shift
        exec 3<&0
        "$@" 3<&- </dev/null &
        server=$!
        ( read -r line <&3; kill -INT $server ) &
        reader=$!
        exec 3<&-
        wait $server; code=$?
        kill $reader 2>/dev/null
        [ -e "$folder/mesh-test-stopped" ] || rm -rf "$folder"
        exit $code
        """;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private static readonly Lazy<(PostgresBinaries? Found, string? Reason)> Binaries = new(PostgresBinaries.Find);
    private static readonly Lazy<Task<PostgresServer>> Shared = new(StartSharedAsync);

    private readonly ConcurrentQueue<string> _databases = new();
    private readonly string _folder;
    private readonly int _port;
    private ManagedProcess? _process;

    private PostgresServer(string connectionString, ManagedProcess? process, string folder = "", int port = 0)
    {
        ConnectionString = connectionString;
        _process = process;
        _folder = folder;
        _port = port;
    }

    /// <summary>Null when tests can have a PostgreSQL; else why not, which skipped tests show.</summary>
    public static string? Unavailable => External is null ? Binaries.Value.Reason : null;

    /// <summary>Null when tests can have one that they may stop.</summary>
    public static string? NoneOfOurOwn => Binaries.Value.Reason;

    /// <summary>Of the server's maintenance database, as a user who may create databases.</summary>
    public string ConnectionString { get; }

    /// <summary>The process that ends with us; null when the server is not ours.</summary>
    public int? WatchdogId => _process?.Id;

    private static string? External => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } value ? value : null;

    /// <summary>The server of this test process, started when it is first asked for.</summary>
    public static Task<PostgresServer> SharedAsync() => Shared.Value;

    /// <summary>A private server of one's own, e.g. to stop it in the middle of a test.</summary>
    /// <exception cref="InvalidOperationException">There is none to be had, or it does not start; the message says why.</exception>
    public static async Task<PostgresServer> StartAsync()
    {
        var binaries = Binaries.Value.Found ?? throw new InvalidOperationException(Binaries.Value.Reason);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await StartPrivateAsync(binaries);
            }
            catch (ProcessExitedException exception) when (attempt < StartAttempts
                && exception.Message.Contains("Address already in use", StringComparison.Ordinal))
            {
                // Someone took the port between our look and the server's start.
            }
        }
    }

    /// <summary>A new, empty database.</summary>
    /// <returns>Its Npgsql connection string. Not pooled: a test's connections end with the test.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var created = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var name = $"{NamePrefix}{created}_{Guid.NewGuid():N}";
        _databases.Enqueue(name);
        await ExecuteAsync($"create database {name}");
        return new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name, Pooling = false }.ConnectionString;
    }

    /// <summary>Stops a private server (fast shutdown), which keeps its data for <see cref="StartAgainAsync"/>.</summary>
    public async Task StopAsync()
    {
        await File.WriteAllTextAsync(StoppedMark(_folder), "");
        _process!.CloseInput();
        await _process.Exited.WaitAsync(StopLimit);
        await _process.DisposeAsync();
    }

    /// <summary>The stopped server with its data, on its port.</summary>
    public async Task StartAgainAsync()
    {
        File.Delete(StoppedMark(_folder));
        _process = (await StartPrivateAsync(Binaries.Value.Found!, _folder, _port))._process;
    }

    /// <summary>Stops a private server (fast shutdown); from one that is not ours, removes what we created.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is null)
        {
            while (_databases.TryDequeue(out var name))
                await DropAsync(name);
            return;
        }

        _process.CloseInput();
        await Task.WhenAny(_process.Exited, Task.Delay(StopLimit));
        await _process.DisposeAsync();
    }

    private static async Task<PostgresServer> StartSharedAsync()
    {
        var server = External is { } external ? new PostgresServer(external, null) : await StartAsync();
        if (server._process is null)
            await server.DropForgottenAsync();
        // For a clean end; the watchdog is for any other.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.DisposeAsync().AsTask().Wait(StopLimit);
        return server;
    }

    private static async Task<PostgresServer> StartPrivateAsync(PostgresBinaries binaries)
    {
        var folder = Directory.CreateTempSubdirectory("mesh-postgres-").FullName;
        try
        {
            await CreateClusterAsync(binaries, folder);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }

        return await StartPrivateAsync(binaries, folder, FreePorts.TakeOne());
    }

    private static async Task CreateClusterAsync(PostgresBinaries binaries, string folder)
    {
        if (binaries.Owner is { } owner)
            await RunAsync("chown", "chown", [$"{owner}:", folder]);
        var (initdb, arguments) = binaries.Unprivileged(
            binaries.InitDb, "-D", folder, "--username=mesh", "--auth=trust", "--encoding=UTF8", "--locale=C");
        await RunAsync("initdb", initdb, arguments);
    }

    private static async Task<PostgresServer> StartPrivateAsync(PostgresBinaries binaries, string folder, int port)
    {
        var (file, command) = binaries.Unprivileged(
            "sh", "-c", Watchdog, "postgres-watchdog", folder,
            binaries.Postgres, "-D", folder,
            "-c", "listen_addresses=127.0.0.1",
            "-c", string.Create(CultureInfo.InvariantCulture, $"port={port}"),
            // Beside TCP: a process in another network namespace reaches it by this alone.
            "-c", $"unix_socket_directories={folder}",
            "-c", "shared_buffers=32MB",
            "-c", "max_connections=200",
            "-c", "lc_messages=C");
        var process = ManagedProcess.Start(new ProcessSpec("postgres", file, command));
        try
        {
            await process.WaitForLineAsync(
                line => line.Contains("ready to accept connections", StringComparison.Ordinal), StartLimit);
        }
        catch
        {
            process.CloseInput();
            await process.DisposeAsync();
            throw;
        }

        return new PostgresServer(
            string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={port};Username=mesh;Database=postgres;Pooling=false"),
            process,
            folder,
            port);
    }

    /// <summary>Tells the watchdog to leave the data; not there, a server that ends takes its data with it.</summary>
    private static string StoppedMark(string folder) => Path.Combine(folder, "mesh-test-stopped");

    private static async Task RunAsync(string name, string file, IReadOnlyList<string> arguments)
    {
        await using var process = ManagedProcess.Start(new ProcessSpec(name, file, arguments));
        if (await process.Exited.WaitAsync(StartLimit) != 0)
            throw new InvalidOperationException($"{name} failed with exit code {process.ExitCode}:{Environment.NewLine}{process.Tail()}");
    }

    /// <summary>A test process that was killed leaves its databases on a server that is not ours: whoever comes next tidies up.</summary>
    private async Task DropForgottenAsync()
    {
        var names = new List<string>();
        await using (var connection = new NpgsqlConnection(ConnectionString))
        {
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(
                "select datname from pg_database where datname ~ '^mesh_test_[0-9]+_[0-9a-f]{32}$' "
                + "and split_part(datname, '_', 3)::bigint < extract(epoch from now()) - 7200",
                connection);
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                names.Add(reader.GetString(0));
        }

        foreach (var name in names)
            await DropAsync(name);
    }

    private Task DropAsync(string name) => ExecuteAsync($"drop database if exists {name} with (force)");

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        // Names are ours: letters, digits and underscores.
#pragma warning disable CA2100
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
