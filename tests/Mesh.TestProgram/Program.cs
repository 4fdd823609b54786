using System.Globalization;
using System.Runtime.InteropServices;
using Mesh.Demo.Processes;
using Mesh.Testing;
using Mesh.Testing.Operations;

// say TEXT | complain TEXT | count N | exit CODE | serve | stubborn | parent | parent-postgres | nice N | group NAME CORES |
// operate FOLDER, one after another.
var ended = new TaskCompletionSource<int>();
var words = new Queue<string>(args);
while (words.TryDequeue(out var word))
{
    switch (word)
    {
        case "say":
            Console.WriteLine(words.Dequeue());
            break;
        case "complain":
            Console.Error.WriteLine(words.Dequeue());
            break;
        case "count":
            for (var i = 1; i <= int.Parse(words.Peek(), CultureInfo.InvariantCulture); i++)
                Console.WriteLine($"line {i}");
            words.Dequeue();
            break;
        case "show":
            Console.WriteLine(Environment.GetEnvironmentVariable(words.Dequeue()) ?? "(not set)");
            break;
        case "exit":
            return int.Parse(words.Dequeue(), CultureInfo.InvariantCulture);
        case "serve":
            return await ServeAsync(context =>
            {
                context.Cancel = true;
                Console.WriteLine("draining");
                ended.TrySetResult(7);
            });
        case "stubborn":
            return await ServeAsync(context => context.Cancel = true);
        case "parent":
            var child = ManagedProcess.Start(ProcessSpec.Dotnet("child", "Mesh.TestProgram.dll", ["serve"]));
            await child.WaitForLineAsync(line => line == "serving", TimeSpan.FromSeconds(30));
            Console.WriteLine($"child {child.Id}");
            return await ended.Task;
        case "parent-postgres":
            var server = await PostgresServer.StartAsync();
            Console.WriteLine($"child {server.WatchdogId}");
            Console.WriteLine($"server {server.ConnectionString}");
            return await ended.Task;
        case "nice":
            LimitWords.Nice(int.Parse(words.Dequeue(), CultureInfo.InvariantCulture));
            break;
        case "group":
            LimitWords.Group(words.Dequeue(), double.Parse(words.Dequeue(), CultureInfo.InvariantCulture));
            break;
        case "operate":
            await using (var operators = await OperationsServer.StartAsync(words.Dequeue()))
            {
                Console.WriteLine($"operators 127.0.0.1:{operators.Port}");
                return await ServeAsync(context =>
                {
                    context.Cancel = true;
                    ended.TrySetResult(0);
                });
            }

        default:
            Console.Error.WriteLine($"unknown word '{word}'");
            return 64;
    }
}

return 0;

// As Mesh.Seed and Mesh.Node do: leaves on SIGTERM, and when its standard input closes.
async Task<int> ServeAsync(Action<PosixSignalContext> onTerminate)
{
    using var registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, onTerminate);
    if (Environment.GetEnvironmentVariable("MESH_EXIT_ON_STDIN_CLOSE") == "1")
        _ = Task.Run(() =>
        {
            while (Console.In.Read() >= 0)
            {
            }

            ended.TrySetResult(0);
        });
    Console.WriteLine("serving");
    return await ended.Task;
}
