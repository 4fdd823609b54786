// A client of the Open Inference Protocol that shares no code with the mesh: Node's fetch for REST, grpc-js for gRPC.
// usage: node client.mjs http://HOST:PORT HOST:PORT PICTURE.json
// PICTURE.json holds the 784 numbers of one picture. Prints one line of JSON with everything that was answered.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';

const [restAddress, grpcAddress, pictureFile] = process.argv.slice(2);
const picture = JSON.parse(await readFile(pictureFile, 'utf8'));
const shape = [1, 1, 28, 28];
const raw = Buffer.from(Float32Array.from(picture).buffer);
const floats = (bytes) => [...new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))];

async function rest(path, options = {}) {
  const response = await fetch(restAddress + path, options);
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}

async function json(path, options) {
  const answer = await rest(path, options);
  return { status: answer.status, body: JSON.parse(answer.bytes.toString('utf8')) };
}

async function restBinary() {
  const header = Buffer.from(JSON.stringify({
    parameters: { binary_data_output: true },
    inputs: [{ name: 'image', datatype: 'FP32', shape, parameters: { binary_data_size: raw.length } }],
  }));
  const answer = await rest('/v2/models/fashion_cnn/infer', {
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream', 'Inference-Header-Content-Length': String(header.length) },
    body: Buffer.concat([header, raw]),
  });
  const jsonLength = Number(answer.headers.get('inference-header-content-length'));
  return { status: answer.status, probabilities: floats(answer.bytes.subarray(jsonLength)) };
}

const definition = protoLoader.loadSync(fileURLToPath(new URL('open_inference.proto', import.meta.url)), { keepCase: true, longs: Number });
const { GRPCInferenceService } = grpc.loadPackageDefinition(definition).inference;
const client = new GRPCInferenceService(grpcAddress, grpc.credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
const call = (method, request, seconds = 30) => new Promise((resolve, reject) =>
  client[method](request, { deadline: Date.now() + seconds * 1000 }, (error, response) => (error ? reject(error) : resolve(response))));
const failure = (promise) => promise.then(() => null, ({ code, details }) => ({ code, details }));

const input = { name: 'image', datatype: 'FP32', shape };
const rawRequest = { model_name: 'fashion_cnn', id: 'raw', inputs: [input], raw_input_contents: [raw] };
const typedRequest = { model_name: 'fashion_cnn', id: 'typed', inputs: [{ ...input, contents: { fp32_contents: picture } }] };
const answered = ({ id, model_name, model_version, outputs, raw_output_contents, parameters }) => ({
  id, model_name, model_version, outputs, probabilities: floats(raw_output_contents[0]), vehicle: parameters.mesh_vehicle?.string_param,
});

const result = {
  rest: {
    server: await json('/v2'),
    live: (await rest('/v2/health/live')).status,
    ready: (await rest('/v2/health/ready')).status,
    model: await json('/v2/models/fashion_cnn'),
    infer: await json('/v2/models/fashion_cnn/infer', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ id: 'fetch', inputs: [{ ...input, data: picture }] }),
    }),
    binary: await restBinary(),
    unknown: await json('/v2/models/nobody'),
  },
  grpc: {
    live: await call('ServerLive', {}),
    ready: await call('ServerReady', {}),
    modelReady: await call('ModelReady', { name: 'fashion_cnn', version: '1' }),
    server: await call('ServerMetadata', {}),
    model: await call('ModelMetadata', { name: 'fashion_cnn' }),
    raw: answered(await call('ModelInfer', rawRequest)),
    typed: answered(await call('ModelInfer', typedRequest)),
    unknown: await failure(call('ModelInfer', { ...rawRequest, model_name: 'nobody' })),
    invalid: await failure(call('ModelInfer', { ...rawRequest, inputs: [{ ...input, shape: [2, 1, 28, 28] }] })),
    late: await failure(call('ModelInfer', {
      model_name: 'doubling',
      inputs: [
        { name: 'x', datatype: 'FP32', shape: [1], contents: { fp32_contents: [0] } },
        { name: 'trips', datatype: 'INT64', shape: [], contents: { int64_contents: [2 ** 50] } },
      ],
    }, 0.3)),
  },
};
client.close();
console.log(JSON.stringify(result));
