// OpenAI's own client against the Files and Batches API, with the base URL and the model as its only knowledge of the server.
// usage: node batches.mjs http://HOST:PORT MODEL PICTURES.json
// PICTURES.json holds pictures as arrays of 784 numbers. Prints one line of JSON with everything that was answered.
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI, { toFile } from 'openai';

const [address, model, picturesFile] = process.argv.slice(2);
const pictures = JSON.parse(await readFile(picturesFile, 'utf8'));
const endpoint = `/v2/models/${model}/infer`;
const client = new OpenAI({ baseURL: `${address}/v1`, apiKey: 'any' });

const line = (customId, data, more = {}) => JSON.stringify({
  custom_id: customId, method: 'POST', url: endpoint,
  body: { inputs: [{ name: 'image', datatype: 'FP32', shape: [1, 1, 28, 28], data }] }, ...more,
});
const good = pictures.map((picture, i) => line(`picture-${i}`, picture));
const jsonl = (lines) => `${lines.join('\n')}\n`;
const parsed = (text) => text.split('\n').filter((text) => text.length > 0).map((text) => JSON.parse(text));
const failure = (promise) => promise.then(() => null, (error) => ({
  name: error.constructor.name, status: error.status, code: error.code, param: error.param, type: error.type,
  message: error.message, requestId: error.requestID,
}));
const content = async (id) => (id === null ? null : parsed(await (await client.files.content(id)).text()));
const create = (file, more = {}, options = undefined) => client.batches.create(
  { input_file_id: file.id, endpoint, completion_window: '24h', ...more }, options);
const ended = async (batch) => {
  for (const ends = Date.now() + 60_000; Date.now() < ends; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const now = await client.batches.retrieve(batch.id);
    if (['completed', 'failed', 'expired', 'cancelled'].includes(now.status)) return now;
  }
  throw new Error(`batch ${batch.id} did not end`);
};

async function streamed() {
  const folder = await mkdtemp(join(tmpdir(), 'mesh-openai-'));
  try {
    const path = join(folder, 'streamed.jsonl');
    await writeFile(path, jsonl([...good, '{', line('short', [1, 2, 3]), line('elsewhere', [], { url: '/v2/models/other/infer' })]));
    return await client.files.create({ file: createReadStream(path), purpose: 'batch' });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function walk(list, most) {
  const ids = [];
  for await (const item of list) {
    ids.push(item.id);
    if (ids.length === most) break;
  }
  return ids;
}

const mixedFile = await streamed();
const mixed = await create(mixedFile, { metadata: { purpose: 'test' } });
const mixedEnd = await ended(mixed);

const twinsFile = await client.files.create({
  file: await toFile(Buffer.from(jsonl([good[0], good[0]])), 'twins.jsonl'), purpose: 'batch', expires_after: { anchor: 'created_at', seconds: 3600 },
});
const twins = await create(twinsFile);
const again = await create(twinsFile);
const otherKey = await create(twinsFile, {}, { headers: { 'Idempotency-Key': 'another' } });
const sameKey = await create(twinsFile, {}, { headers: { 'Idempotency-Key': 'another' } });
const twinsEnd = await ended(twins);
await ended(otherKey);

const file = await client.files.create({ file: await toFile(Buffer.from(jsonl(good)), 'good.jsonl'), purpose: 'batch' });
const toCancel = await create(file);
// It may have ended before it could be cancelled, which is a conflict that the client must not try again.
const cancelled = await client.batches.cancel(toCancel.id).then((batch) => ({ status: batch.status }), (error) => ({
  name: error.constructor.name, status: error.status,
}));

const result = {
  mixed: { file: mixedFile, created: mixed, requestId: mixed._request_id, ended: mixedEnd, output: await content(mixedEnd.output_file_id), errors: await content(mixedEnd.error_file_id) },
  twins: { file: twinsFile, ids: [twins.id, again.id, otherKey.id, sameKey.id], ended: twinsEnd },
  cancelled,
  lists: {
    batches: await walk(client.batches.list({ limit: 1 }), 3),
    files: await walk(client.files.list({ purpose: 'batch', order: 'asc', limit: 2 }), 100),
    created: { batches: [mixed.id, twins.id, otherKey.id, toCancel.id], files: [mixedFile.id, twinsFile.id, file.id] },
  },
  input: await (await client.files.content(file.id)).text() === jsonl(good),
  retrieved: await client.files.retrieve(file.id),
  refusals: {
    noFile: await failure(client.files.retrieve('file-nobody')),
    noBatch: await failure(client.batches.retrieve('batch_nobody')),
    purpose: await failure(client.files.create({ file: await toFile(Buffer.from('x'), 'x.jsonl'), purpose: 'fine-tune' })),
    endpoint: await failure(client.batches.create({ input_file_id: file.id, endpoint: '/v1/embeddings', completion_window: '24h' })),
    model: await failure(client.batches.create({ input_file_id: file.id, endpoint: '/v2/models/nobody/infer', completion_window: '24h' })),
    input: await failure(create({ id: 'file-nobody' })),
  },
  deleted: await client.files.delete(twinsFile.id),
  afterwards: await failure(client.files.retrieve(twinsFile.id)),
};
console.log(JSON.stringify(result));
