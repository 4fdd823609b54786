using Grpc.Core;
using Mesh.Messages.Work;

namespace Mesh.Node.Sessions;

// What the vehicle says: whatever is ready shares a frame, units' results behind what is interactive.
public sealed partial class WorkStreamClient
{
    private void Send(object item)
    {
        if (!_outgoing.Writer.TryWrite(item) && !_draining && !_left)
            End(); // Full: the seed reads nothing, the stream is as good as gone.
    }

    private void End()
    {
        try
        {
            _ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // A job's answer came after the stream was over.
        }
    }

    private async Task WriteAsync(IClientStreamWriter<VehicleFrame> stream)
    {
        var reader = _outgoing.Reader;
        while (_unitPort is { HasAny: true } || await reader.WaitToReadAsync(_ended.Token))
        {
            var frame = new VehicleFrame();
            var (items, bytes, isStatusDue) = (0, 0, false);
            while (items < WorkProtocol.MaxItemsPerFrame && bytes < WorkProtocol.MaxFrameBytes && reader.TryRead(out var item))
            {
                items++;
                if (item is StatusDue)
                    isStatusDue = true;
                else
                    bytes += Add(frame, item);
            }

            // Once a frame: what a status tells only when it is new counts as told from then on.
            if (isStatusDue)
                frame.Status = Status();
            if (bytes < WorkProtocol.MaxFrameBytes && _unitPort is { HasAny: true } unitPort)
                units!.Fill(unitPort, frame);
            // Nothing follows a goodbye, so it waits for what units have left to say.
            if (_goodbye is not null && _unitPort is not { HasAny: true })
                frame.Goodbye = _goodbye;
            await stream.WriteAsync(frame, _ended.Token);
            if (frame.Goodbye is not null)
                break;
        }

        await stream.CompleteAsync();
    }

    private int Add(VehicleFrame frame, object item)
    {
        switch (item)
        {
            case WorkResult result:
                frame.Results.Add(result);
                return result.Outputs.Bytes();
            case Pong pong:
                frame.Pong = pong.Nonce;
                return 0;
            case Goodbye goodbye:
                _goodbye = goodbye;
                return 0;
            case UnitsDue:
                return 0; // It woke the writer; what is due follows once nothing interactive is left.
            case UnitNotice notice:
                frame.UnitNotices.Add(notice);
                return 0;
            default:
                throw new InvalidOperationException($"{item.GetType()} is nothing that a work stream carries.");
        }
    }

    private sealed record Pong(ulong Nonce);

    private sealed record StatusDue
    {
        public static StatusDue Instance { get; } = new();
    }

    private sealed record UnitsDue
    {
        public static UnitsDue Instance { get; } = new();
    }
}
