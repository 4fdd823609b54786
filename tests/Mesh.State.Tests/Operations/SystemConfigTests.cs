using Akka.Configuration;
using Mesh.Hosting.Operations;

namespace Mesh.State.Tests.Operations;

public sealed class SystemConfigTests
{
    [Fact]
    public void A_section_is_shown_whole_and_what_may_be_secret_is_not()
    {
        var config = ConfigurationFactory.ParseString("""
            journal {
              connection-string = "Host=db;Password=hunter2"
              empty { password = "" }
              tls.key-Password = x
              tags = [a, b]
              timeout = 5s
            }
            """);
        Assert.Equal(
            """{"connection-string":"(not shown)","empty":{"password":""},"tags":["a","b"],"timeout":"5s","tls":{"key-Password":"(not shown)"}}""",
            SystemHandler.Render("journal", config.GetValue("journal"))!.ToJsonString());
        Assert.Equal("(not shown)", (string?)SystemHandler.Render("connection-string", config.GetValue("journal.connection-string")));
    }
}
