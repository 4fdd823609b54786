using Mesh.Pbm;
using Mesh.Pbm.Terminals;

return await PbmProgram.RunAsync(args, new SystemTerminal());
