# syntax=docker/dockerfile:1
# A region's seed. Built from the checkout's root: docker build -f docker/seed.Dockerfile -t mesh/seed:0.1.0 .

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
WORKDIR /mesh
# Packages depend on these files alone: a change of code does not restore them again.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/Mesh.Messages/Mesh.Messages.csproj src/Mesh.Messages/
COPY src/Mesh.Operations/Mesh.Operations.csproj src/Mesh.Operations/
COPY src/Mesh.Hosting/Mesh.Hosting.csproj src/Mesh.Hosting/
COPY src/Mesh.Seed/Mesh.Seed.csproj src/Mesh.Seed/
RUN dotnet restore src/Mesh.Seed/Mesh.Seed.csproj
COPY .editorconfig ./
COPY hocon hocon
COPY src/Mesh.Messages src/Mesh.Messages
COPY src/Mesh.Operations src/Mesh.Operations
COPY src/Mesh.Hosting src/Mesh.Hosting
COPY src/Mesh.Seed src/Mesh.Seed
RUN dotnet publish src/Mesh.Seed/Mesh.Seed.csproj -c Release -o /app --no-restore && mkdir -p /data

# No shell, no package manager; 'extra' has the time zones.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled-extra
WORKDIR /app
COPY --from=build /app ./
# A volume that is mounted here is its user's.
COPY --from=build --chown=1654:1654 /data /var/lib/mesh
# The root may be read-only: only /var/lib/mesh and /tmp are written to. ASPNETCORE_HTTP_PORTS would name a port of the base
# image's; the seed's are settings of its own.
ENV DOTNET_EnableDiagnostics=0 \
    ASPNETCORE_HTTP_PORTS= \
    MESH_BIND=0.0.0.0 \
    MESH_DATA=/var/lib/mesh \
    MESH_MODELS=/models
USER 1654:1654
# Akka.Remote, REST and web page, gRPC, metrics, work streams. The operators' 9110 stays on loopback.
EXPOSE 4053 8000 8001 8002 8010
# No HEALTHCHECK: --health tells whether it takes requests now, which it does not while its database is lost; an engine that
# replaces what is unhealthy would end all seeds of the region then. compose.yaml asks it, to start things in order.
STOPSIGNAL SIGTERM
ENTRYPOINT ["dotnet", "/app/Mesh.Seed.dll"]
