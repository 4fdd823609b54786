using System.Globalization;
using static Mesh.Seed.Batches.Api.ApiRefusedException;

namespace Mesh.Seed.Batches.Api;

/// <summary>The fields of an upload's form, in whatever order they come.</summary>
internal sealed class UploadForm
{
    private const int MaxFilenameLength = 255;

    private string? _purpose;
    private string? _anchor;
    private string? _seconds;

    public string? Filename { get; private set; }

    public void SetFile(string? filename)
    {
        if (Filename is not null)
            throw Invalid("'file' is given twice: a call uploads one file", "file");
        if (string.IsNullOrEmpty(filename))
            throw Invalid("'file' must be a file part, with a filename", "file");
        // Some clients send a path.
        var name = filename[(filename.LastIndexOfAny(['/', '\\']) + 1)..];
        Filename = name switch
        {
            "" => "unknown_file",
            { Length: > MaxFilenameLength } => throw Invalid($"the filename is longer than {MaxFilenameLength} characters", "file"),
            _ => name,
        };
    }

    public void Set(string name, string value)
    {
        ref var field = ref _purpose;
        switch (name)
        {
            case "purpose": break;
            case "expires_after[anchor]": field = ref _anchor; break;
            case "expires_after[seconds]": field = ref _seconds; break;
            default: throw Unknown(name);
        }

        if (field is not null)
            throw Invalid($"'{name}' is given twice", name);
        field = value;
    }

    /// <summary>To be asked once all of the form is there.</summary>
    /// <returns>The life of the file.</returns>
    public TimeSpan Check()
    {
        if (Filename is null)
            throw Missing("file");
        if (_purpose is null)
            throw Missing("purpose");
        if (_purpose != "batch")
            throw Invalid($"'purpose' must be batch, got '{_purpose}': files here are for batches", "purpose", "invalid_value");
        if (_anchor is null && _seconds is null)
            return ExpiryRule.Default;
        long? seconds = long.TryParse(_seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
        return ExpiryRule.Check(_anchor, seconds, field => $"expires_after[{field}]");
    }
}
