# syntax=docker/dockerfile:1
# The operators' client. Built from the checkout's root: docker build -f docker/pbm.Dockerfile -t mesh/pbm:0.1.0 .

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
WORKDIR /mesh
# Packages depend on these files alone: a change of code does not restore them again.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/Mesh.Operations/Mesh.Operations.csproj src/Mesh.Operations/
COPY src/Mesh.Pbm/Mesh.Pbm.csproj src/Mesh.Pbm/
RUN dotnet restore src/Mesh.Pbm/Mesh.Pbm.csproj
COPY .editorconfig ./
COPY src/Mesh.Operations src/Mesh.Operations
COPY src/Mesh.Pbm src/Mesh.Pbm
RUN dotnet publish src/Mesh.Pbm/Mesh.Pbm.csproj -c Release -o /app --no-restore

# No shell, no package manager.
FROM mcr.microsoft.com/dotnet/runtime:10.0-noble-chiseled
WORKDIR /app
COPY --from=build /app ./
# The root may be read-only; the prompt's history goes to /tmp, and with the container.
ENV DOTNET_EnableDiagnostics=0 \
    HOME=/tmp
USER 1654:1654
ENTRYPOINT ["dotnet", "/app/Mesh.Pbm.dll"]
