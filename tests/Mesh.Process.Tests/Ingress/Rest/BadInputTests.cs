using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Ingress.Rest;

/// <summary>Every request that cannot be answered gets an error object that says what is wrong, and harms nobody.</summary>
[Collection(OnRunningMesh.Name)]
public sealed class BadInputTests(RunningMesh mesh)
{
    private const string Fashion = "/v2/models/fashion_cnn/infer";

    /// <summary>An input of <c>fashion_cnn</c> with one thing changed, and what the error must say.</summary>
    public static TheoryData<string, string> BadInputs => new()
    {
        { """{"name":"picture","datatype":"FP32","shape":[1,1,28,28],"data":[0]}""", "input 'picture' is not one of fashion_cnn" },
        { """{"datatype":"FP32","shape":[1,1,28,28],"data":[0]}""", "'name' is missing in inputs[0]" },
        { """{"name":"image","datatype":"INT32","shape":[1,1,28,28],"data":[0]}""", "has datatype FP32, got INT32" },
        { """{"name":"image","datatype":"FLOAT","shape":[1,1,28,28],"data":[0]}""", "'FLOAT' of inputs[0] is not a datatype" },
        { """{"name":"image","datatype":"BF16","shape":[1,1,28,28],"data":[0]}""", "datatype BF16 of inputs[0] is not supported" },
        { """{"name":"image","shape":[1,1,28,28],"data":[0]}""", "'datatype' is missing" },
        { """{"name":"image","datatype":"FP32","shape":[1,1,28],"data":[0]}""", "has shape [-1,1,28,28] (-1 = any), got [1,1,28]" },
        { """{"name":"image","datatype":"FP32","shape":[1,3,28,28],"data":[0]}""", "got [1,3,28,28]" },
        { """{"name":"image","datatype":"FP32","data":[0]}""", "'shape' is missing" },
        { """{"name":"image","datatype":"FP32","shape":[1,1,28,28],"data":[0,1]}""", "needs 784 elements, got 2" },
        { """{"name":"image","datatype":"FP32","shape":[-1,1,28,28],"data":[0]}""", "dimension 0 of shape [-1,1,28,28] is negative" },
        { """{"name":"image","datatype":"FP32","shape":[1.5,1,28,28],"data":[0]}""", "dimension 0 in the shape of inputs[0] is not a 64-bit integer" },
        { """{"name":"image","datatype":"FP32","shape":[99999999999999999999,1,28,28],"data":[0]}""", "is not a 64-bit integer" },
        { """{"name":"image","datatype":"FP32","shape":[9223372036854775807,1,28,28],"data":[0]}""", "the product of shape [9223372036854775807,1,28,28] overflows" },
        { """{"name":"image","datatype":"FP32","shape":[1000000000000,1,28,28],"data":[0]}""", "needs 784000000000000 elements, got 1" },
        { """{"name":"image","datatype":"FP32","shape":[1,1,28,28],"data":["NaN"]}""", "element 0 of its data must be a FP32, got the text \"NaN\"" },
        { """{"name":"image","datatype":"FP32","shape":[1,1,28,28],"data":[0,1e99]}""", "element 1 of its data must be a FP32, got 1e99" },
        { """{"name":"image","datatype":"FP32","shape":[1,1,28,28],"data":[null]}""", "element 0 of its data must be a FP32, got null" },
        { """{"name":"image","datatype":"FP32","shape":[1,1,28,28],"data":7}""", "'data' must be an array" },
        { """{"name":"image","datatype":"FP32","shape":[1,1,28,28]}""", "exactly one of 'data' and parameter 'binary_data_size' must be there, got neither" },
        {
            """{"name":"image","datatype":"FP32","shape":[1,1,28,28],"data":[0],"parameters":{"binary_data_size":0}}""",
            "must be there, got both"
        },
        { """{"name":"image","datatype":"FP32","shape":[1,1,28,28],"parameters":{"binary_data_size":-4}}""", "must be a whole number of bytes" },
        { """{"name":"image","datatype":"FP32","shape":[1,1,28,28],"parameters":{"shared_memory_region":"r","binary_data_size":0}}""", "there is no shared memory" },
        { "7", "inputs[0] must be an object" },
        { "", "input 'image' of fashion_cnn" },
    };

    /// <summary>Whole bodies that are no infer request.</summary>
    public static TheoryData<string, string> BadBodies => new()
    {
        { "", "not valid JSON" },
        { "{\"inputs\": [", "not valid JSON" },
        { "{\"inputs\": [{\"name\":\"image\",\"datatype\":\"FP32\",\"shape\":[1,1,28,28],\"data\":[NaN]}]}", "not valid JSON" },
        { "{\"inputs\": []} trailing", "not valid JSON" },
        { "[1]", "the body must be a JSON object" },
        { "{}", "'inputs' is missing" },
        { "{\"inputs\": 1}", "'inputs' must be an array" },
        { "{\"inputs\": [], \"id\": 5}", "'id' must be a string" },
        { "{\"inputs\": [], \"parameters\": [1]}", "'parameters' of the request must be an object" },
        { "{\"inputs\": [], \"parameters\": {\"a\": {}}}", "parameter 'a' of the request must be a string, a number or a boolean" },
        { "{\"inputs\": [], \"deep\": " + new string('[', 100_000), "not valid JSON" },
        { "{\"inputs\": [{\"name\":\"image\",\"datatype\":\"FP32\",\"shape\":[1],\"data\":" + new string('[', 100_000), "not valid JSON" },
        { Requests.Pictures(0, 1, """{"timeout": "soon"}"""), "'timeout' must be a whole number of microseconds" },
        { Requests.Pictures(0, 1, """{"sequence_id": 1}"""), "'sequence_id' is not supported" },
        { Requests.Pictures(0, 1, """{"triton_magic": 1}"""), "names starting with 'triton_' are reserved" },
        { Requests.Pictures(0, 1)[..^1] + """, "outputs": [{"name": "classes"}]}""", "output 'classes' is not one of fashion_cnn" },
    };

    [Theory]
    [MemberData(nameof(BadInputs))]
    public async Task An_input_that_does_not_fit_is_a_400_that_says_why(string input, string why) =>
        await AssertRefusedAsync(Fashion, Requests.Inputs(input), HttpStatusCode.BadRequest, why);

    [Theory]
    [MemberData(nameof(BadBodies))]
    public async Task A_body_that_is_no_request_is_a_400_that_says_why(string body, string why) =>
        await AssertRefusedAsync(Fashion, body, HttpStatusCode.BadRequest, why);

    [Fact]
    public async Task An_input_given_twice_is_a_400()
    {
        var number = Requests.Input("number", "INT32", [1], "[1]");
        await AssertRefusedAsync(
            "/v2/models/pair/infer", Requests.Inputs($"{number},{number}"), HttpStatusCode.BadRequest, "input 'number' is given twice");
        await AssertRefusedAsync(
            "/v2/models/pair/infer", Requests.Inputs(number), HttpStatusCode.BadRequest, "input 'text' of pair/1 is missing");
    }

    [Theory]
    [InlineData("GET", "/v2/models/nobody", "model 'nobody' is not known")]
    [InlineData("POST", "/v2/models/nobody/infer", "model 'nobody' is not known")]
    [InlineData("GET", "/v2/models/nobody/stats", "model 'nobody' is not known")]
    [InlineData("GET", "/v2/models/fashion_cnn/versions/9", "model 'fashion_cnn' has no version '9'")]
    [InlineData("POST", "/v2/models/fashion_cnn/versions/latest/infer", "model 'fashion_cnn' has no version 'latest'")]
    [InlineData("POST", "/v2/models/..%2F..%2Fetc/infer", "is not known")]
    [InlineData("GET", "/nowhere", "there is nothing at /nowhere")]
    [InlineData("GET", "/v2/nothing", "there is nothing at /v2/nothing")]
    [InlineData("POST", "/v2/models/fashion_cnn/explain", "there is nothing at /v2/models/fashion_cnn/explain")]
    public async Task What_is_not_known_is_a_404(string verb, string path, string why)
    {
        var content = verb == "POST" ? RestClient.Content("{}"u8.ToArray(), "application/json") : null;
        var answer = await mesh.Rest.SendAsync(new HttpMethod(verb), path, content);
        Assert.Contains(why, answer.Error(HttpStatusCode.NotFound), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v2/models/nobody/ready", "model 'nobody' is not known")]
    [InlineData("/v2/models/fashion_cnn/versions/9/ready", "model 'fashion_cnn' has no version '9'")]
    public async Task The_readiness_of_what_is_not_known_is_a_400_as_Tritons(string path, string why) =>
        Assert.Contains(why, (await mesh.Rest.GetAsync(path)).Error(HttpStatusCode.BadRequest), StringComparison.Ordinal);

    [Theory]
    [InlineData("GET", Fashion, "POST")]
    [InlineData("POST", "/v2", "GET")]
    [InlineData("DELETE", "/v2/models/fashion_cnn", "GET")]
    [InlineData("PUT", "/v2/repository/index", "POST")]
    public async Task A_wrong_verb_is_a_405_that_names_the_right_one(string verb, string path, string allowed)
    {
        var answer = await mesh.Rest.SendAsync(new HttpMethod(verb), path, null);
        Assert.Equal($"{path} takes {allowed}, not {verb}", answer.Error(HttpStatusCode.MethodNotAllowed));
        Assert.Equal(allowed, answer.Headers["Allow"]);
    }

    [Fact]
    public async Task A_body_above_the_limit_is_a_413_before_it_is_read()
    {
        var content = RestClient.Content(new byte[TestMesh.MaxRequestBytes + 1], "application/json");
        var answer = await mesh.Rest.SendAsync(HttpMethod.Post, Fashion, content);
        Assert.Equal(
            $"the body is larger than the {TestMesh.MaxRequestBytes} bytes that this server accepts",
            answer.Error(HttpStatusCode.RequestEntityTooLarge));
        await mesh.Mesh.AssertUnharmedAsync();
    }

    [Fact]
    public async Task A_body_that_grows_above_the_limit_when_unpacked_is_a_413()
    {
        using var bomb = new MemoryStream();
        await using (var gzip = new GZipStream(bomb, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var i = 0; i < 64; i++)
                await gzip.WriteAsync(new byte[1 << 20]);
        }

        var content = RestClient.Content(bomb.ToArray(), "application/json");
        content.Headers.ContentEncoding.Add("gzip");
        (await mesh.Rest.SendAsync(HttpMethod.Post, Fashion, content)).Error(HttpStatusCode.RequestEntityTooLarge);
        await mesh.Mesh.AssertUnharmedAsync();
    }

    [Theory]
    [InlineData("gzip", HttpStatusCode.BadRequest, "the body is not valid gzip data")]
    [InlineData("br", HttpStatusCode.UnsupportedMediaType, "Content-Encoding 'br' is not supported")]
    public async Task A_coding_that_cannot_be_undone_is_refused(string coding, HttpStatusCode status, string why)
    {
        var content = RestClient.Content(Encoding.UTF8.GetBytes(Requests.Pictures(0, 1)), "application/json");
        content.Headers.ContentEncoding.Add(coding);
        var answer = await mesh.Rest.SendAsync(HttpMethod.Post, Fashion, content);
        Assert.Contains(why, answer.Error(status), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 5000\r\n\r\n{\"inputs\": [", "400 ")]
    [InlineData("Content-Length: five\r\n\r\n{}", "400 ")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400 ")]
    public async Task A_body_that_breaks_off_is_refused_and_harms_nobody(string rest, string status)
    {
        var text = await RawAsync($"POST {Fashion} HTTP/1.1\r\nHost: mesh\r\nContent-Type: application/json\r\n{rest}");
        // A client that broke off may meet a closed connection before the answer; when it hears one, it is this.
        if (text.Length > 0)
            Assert.StartsWith($"HTTP/1.1 {status}", text, StringComparison.Ordinal);
        await mesh.Mesh.AssertUnharmedAsync();
    }

    private async Task AssertRefusedAsync(string path, string body, HttpStatusCode status, string why)
    {
        var answer = await mesh.Rest.PostAsync(path, body);
        Assert.Contains(why, answer.Error(status), StringComparison.Ordinal);
        await mesh.Mesh.AssertUnharmedAsync();
    }

    /// <summary>Sends bytes that no proper HTTP client would, ends its side, and reads what comes.</summary>
    private async Task<string> RawAsync(string request)
    {
        using var client = new TcpClient();
        var uri = mesh.Mesh.Seed.Http;
        await client.ConnectAsync(IPAddress.Loopback, uri.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        client.Client.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        try
        {
            return await reader.ReadToEndAsync().WaitAsync(TestMesh.Limit);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
