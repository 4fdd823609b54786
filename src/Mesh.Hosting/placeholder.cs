namespace Mesh.Hosting;
