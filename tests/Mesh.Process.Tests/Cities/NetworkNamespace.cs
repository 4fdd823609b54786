using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Mesh.Demo.Processes;
using Mesh.Process.Tests.Deployment;
using Mesh.Testing;
using Microsoft.Win32.SafeHandles;

namespace Mesh.Process.Tests.Cities;

/// <summary>
/// A network namespace of Linux with one TUN device: what is sent there reaches nobody but the holder of the device's other
/// end. Made with iproute2, as root.
/// </summary>
internal sealed partial class NetworkNamespace : IAsyncDisposable
{
    private const string Device = "mesh0";
    private const string Prefix = "mesh-";

    private readonly string _name;

    private NetworkNamespace(string name, string address)
    {
        _name = name;
        Address = address;
    }

    /// <summary>Its one address beside loopback.</summary>
    public string Address { get; }

    private string Path => $"/run/netns/{_name}";

    /// <summary>Null when namespaces can be made here; else why not.</summary>
    public static string? Unavailable { get; } = !OperatingSystem.IsLinux() ? "Network namespaces are Linux's."
        : !Environment.IsPrivilegedProcess ? "Network namespaces need root."
        : InstalledProgram.Find("ip") is null ? "There is no ip in PATH. Install it (Debian: apt-get install iproute2)."
        : InstalledProgram.Find("nsenter") is null ? "There is no nsenter in PATH. Install it (Debian: apt-get install util-linux)."
        : !File.Exists("/dev/net/tun") ? "There is no /dev/net/tun."
        : null;

    /// <param name="address">With its prefix length, e.g. 198.18.0.1/24: others of that network are reached through the device.</param>
    /// <exception cref="InvalidOperationException">The system refused; the message says what.</exception>
    public static async Task<NetworkNamespace> CreateAsync(string name, string address)
    {
        // The process's id tells whose it is, should it be left behind.
        var created = new NetworkNamespace($"{Prefix}{Environment.ProcessId}-{name}", address.Split('/')[0]);
        await IpAsync("netns", "add", created._name);
        try
        {
            await IpAsync("-n", created._name, "link", "set", "lo", "up");
            await IpAsync("-n", created._name, "tuntap", "add", "dev", Device, "mode", "tun");
            await IpAsync("-n", created._name, "address", "add", address, "dev", Device);
            await IpAsync("-n", created._name, "link", "set", Device, "up");
            return created;
        }
        catch
        {
            await created.DisposeAsync();
            throw;
        }
    }

    /// <summary>Removes those of test processes that were killed.</summary>
    public static async Task RemoveForgottenAsync()
    {
        var names = Directory.Exists("/run/netns") ? Directory.GetFiles("/run/netns").Select(System.IO.Path.GetFileName) : [];
        foreach (var name in names)
        {
            var parts = name!.Split('-');
            if (parts.Length > 2 && parts[0] + "-" == Prefix && int.TryParse(parts[1], out var owner) && !Directory.Exists($"/proc/{owner}"))
                await IpAsync("netns", "delete", name);
        }
    }

    /// <summary>The same program, started in here.</summary>
    public ProcessSpec Within(ProcessSpec spec) => spec with
    {
        FileName = InstalledProgram.Find("nsenter")!,
        Arguments = [$"--net={Path}", "--", spec.FileName, .. spec.Arguments],
    };

    /// <summary>A socket of ours that lives in here.</summary>
    public Socket NewSocket() => Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });

    /// <summary>The other end of the device: packets that are sent in here are read from it, and those written to it arrive. Does not block.</summary>
    public SafeFileHandle OpenDevice() => Run(() =>
    {
        const int ReadWriteNonBlocking = 0x802;
        const ulong SetInterface = 0x400454ca; // TUNSETIFF
        const short TunWithoutHeader = 0x1001;
        var device = new SafeFileHandle(Checked(Open("/dev/net/tun", ReadWriteNonBlocking)), ownsHandle: true);
        Span<byte> request = stackalloc byte[40]; // struct ifreq: 16 bytes of name, then flags
        System.Text.Encoding.ASCII.GetBytes(Device, request);
        MemoryMarshal.Write(request[16..], TunWithoutHeader);
        Checked(IoControl(device, SetInterface, ref MemoryMarshal.GetReference(request)));
        return device;
    });

    public async ValueTask DisposeAsync() => await IpAsync("netns", "delete", _name);

    /// <summary>Runs on a thread that is in here, and ends with it.</summary>
    private T Run<T>(Func<T> action)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                const int NetworkNamespaces = 0x40000000; // CLONE_NEWNET
                using var self = File.OpenHandle(Path);
                Checked(SetNamespace(self, NetworkNamespaces));
                result.SetResult(action());
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        });
        thread.Start();
        thread.Join();
        return result.Task.GetAwaiter().GetResult();
    }

    private static async Task IpAsync(params string[] arguments)
    {
        var (exitCode, output) = await Tool.RunAsync("ip", arguments);
        if (exitCode != 0)
            throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {output}");
    }

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoControl(SafeFileHandle file, ulong request, ref byte argument);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle file, int kind);
}
