namespace Mesh.Hosting;

/// <summary>
/// With <c>MESH_EXIT_ON_STDIN_CLOSE=1</c> a program ends when its standard input does: a demo or a test that starts it
/// holds that pipe, so nothing survives its parent, even one that was killed. Works the same on every platform.
/// </summary>
public static class ParentWatch
{
    public const string Variable = "MESH_EXIT_ON_STDIN_CLOSE";

    public static void Start()
    {
        if (Environment.GetEnvironmentVariable(Variable) != "1")
            return;
        var thread = new Thread(() =>
        {
            using var input = Console.OpenStandardInput();
            var buffer = new byte[64];
            while (input.Read(buffer) > 0)
            {
            }

            Environment.Exit(ExitCodes.ParentGone);
        })
        { IsBackground = true, Name = "parent watch" };
        thread.Start();
    }
}

/// <summary>Exit codes of the programs, as a supervisor reads them.</summary>
public static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>Asked about its health, it takes no requests now.</summary>
    public const int NotReady = 1;

    /// <summary>The configuration is wrong; starting again will not help.</summary>
    public const int Configuration = 2;

    /// <summary>The member was downed, or a seed did not get into its region in time; starting again is right.</summary>
    public const int RestartMe = 70;

    /// <summary>The process that held this one is gone.</summary>
    public const int ParentGone = 71;
}
