"""`pulumi-language-dotnet`, a stand-in: it writes C# SDKs, and runs nothing, since no .NET is served by a registry here."""

from bootstrap.standins.host import Host, serve_engine


class DotnetHost(Host):
    """The calls that the CLI makes to write a C# SDK."""

    generator = ("pulumi-codegen-dotnet",)


if __name__ == "__main__":
    serve_engine(lambda engine: DotnetHost(engine=engine))
