import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { outcomeOf } from '../../../../test/support/outcome.ts';
import { scratchFolder } from '../../../../test/support/scratch.ts';
import { openS3, type S3Settings } from './open-s3.ts';

const scratch = scratchFolder();
const SETTINGS = { bucket: 'bucket', prefix: 'a/', conditions: 'both' } as const;

/** The name of a store, and nothing for one that can't be opened. */
const open = (more: Partial<S3Settings>) =>
  outcomeOf(async () => {
    await using store = await openS3({ ...SETTINGS, ...more });
    return store.name;
  });

describe('S3', () => {
  beforeEach(() => {
    for (const name of Object.keys(process.env)) {
      if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
    }
    vi.stubEnv('AWS_CONFIG_FILE', join(scratch, 'nothing'));
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(scratch, 'nothing'));
  });
  afterEach(() => void vi.unstubAllEnvs());

  it('is opened without a request, and named without its endpoint', async () => {
    const opened = { kind: 'result', result: 's3://bucket/a' };
    expect(await open({ endpoint: 'http://127.0.0.1:1' })).toEqual(opened);
    expect(await open({ region: 'eu-central-1' })).toEqual(opened);
    vi.stubEnv('AWS_ENDPOINT_URL', 'https://s3.example.org');
    expect(await open({})).toEqual(opened);
  });

  it('needs a region, or an endpoint', async () => {
    expect(await open({})).toMatchObject({ code: 'usage' });
  });

  it('says where it has asked, and that something else than S3 answers there', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {}); // The client ends it first.
      socket.write('SSH-2.0-server\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    const endpoint = `http://127.0.0.1:${port}`;
    const patience = { giveUpAfterMs: 1, firstPauseMs: 1, longestPauseMs: 1 };
    const outcome = await outcomeOf(async () => {
      await using store = await openS3({ ...SETTINGS, endpoint, patience });
      return await store.look('key');
    });
    server.close();
    expect(outcome).toMatchObject({
      code: 'system',
      message: expect.stringContaining(`what answers at ${endpoint} does not speak`),
    });
  });

  it.each(['s3.example.org', 'ftp://s3.example.org', 'https://key:secret@s3.example.org', ''])(
    'refuses what is no endpoint, and does not repeat it: %s',
    async (endpoint) => {
      const outcome = await open({ endpoint, region: 'us-east-1' });
      expect(outcome).toMatchObject({
        code: 'usage',
        message: expect.not.stringContaining('secret'),
      });
    },
  );
});
