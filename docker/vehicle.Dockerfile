# syntax=docker/dockerfile:1
# A vehicle's node. Built from the checkout's root: docker build -f docker/vehicle.Dockerfile -t mesh/vehicle:0.1.0 .

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
WORKDIR /mesh
# Packages depend on these files alone: a change of code does not restore them again.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/Mesh.Messages/Mesh.Messages.csproj src/Mesh.Messages/
COPY src/Mesh.Operations/Mesh.Operations.csproj src/Mesh.Operations/
COPY src/Mesh.Hosting/Mesh.Hosting.csproj src/Mesh.Hosting/
COPY src/Mesh.Node/Mesh.Node.csproj src/Mesh.Node/
RUN dotnet restore src/Mesh.Node/Mesh.Node.csproj
COPY .editorconfig ./
COPY hocon hocon
COPY src/Mesh.Messages src/Mesh.Messages
COPY src/Mesh.Operations src/Mesh.Operations
COPY src/Mesh.Hosting src/Mesh.Hosting
COPY src/Mesh.Node src/Mesh.Node
RUN dotnet publish src/Mesh.Node/Mesh.Node.csproj -c Release -o /app --no-restore && mkdir -p /data

# No shell, no package manager; 'extra' has the time zones, which an owner's hours and tariff need.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled-extra
WORKDIR /app
COPY --from=build /app ./
# A volume that is mounted here is its user's.
COPY --from=build --chown=1654:1654 /data /var/lib/mesh
# The root may be read-only: only /var/lib/mesh and /tmp are written to. A container cannot make control groups: its own
# limits (compose.yaml) take the place of the setting cgroup.
ENV DOTNET_EnableDiagnostics=0 \
    ASPNETCORE_HTTP_PORTS= \
    MESH_BIND=0.0.0.0 \
    MESH_DATA=/var/lib/mesh \
    MESH_CGROUP=off
USER 1654:1654
# No HEALTHCHECK: a vehicle that may not work now is healthy, and one that cannot run ends with an exit code.
STOPSIGNAL SIGTERM
ENTRYPOINT ["dotnet", "/app/Mesh.Node.dll"]
