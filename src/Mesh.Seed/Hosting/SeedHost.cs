using System.Net;
using Akka.Configuration;
using Mesh.Seed.Batches;
using Mesh.Seed.Batches.Api;
