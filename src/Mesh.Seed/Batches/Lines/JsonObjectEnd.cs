using System.Buffers;

namespace Mesh.Seed.Batches.Lines;

/// <summary>
/// Finds where a JSON object ends by its brackets alone, many bytes at a time. Of a valid object it finds the end; of another
/// text it finds some end or none, which its reader will then complain about.
/// </summary>
internal static class JsonObjectEnd
{
    private static readonly SearchValues<byte> Marks = SearchValues.Create("\"{}[]"u8);

    /// <summary>The length of the object with which the text starts; -1 = it does not start with one, or the object has no end.</summary>
    public static int Find(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || text[0] != '{')
            return -1;
        var depth = 0;
        for (var position = 0; ;)
        {
            var mark = text[position..].IndexOfAny(Marks);
            if (mark < 0)
                return -1;
            position += mark + 1;
            switch (text[position - 1])
            {
                case (byte)'"':
                    if ((position = StringEnd(text, position)) < 0)
                        return -1;
                    break;
                case (byte)'{' or (byte)'[':
                    depth++;
                    break;
                default:
                    if (--depth == 0)
                        return position;
                    break;
            }
        }
    }

    /// <summary>Behind the closing quotation mark; -1 = there is none.</summary>
    private static int StringEnd(ReadOnlySpan<byte> text, int position)
    {
        while (true)
        {
            var mark = text[position..].IndexOfAny((byte)'"', (byte)'\\');
            if (mark < 0)
                return -1;
            position += mark + 1;
            if (text[position - 1] == '"')
                return position;
            if (++position > text.Length)
                return -1; // A backslash at the very end.
        }
    }
}
