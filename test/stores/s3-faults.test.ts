import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ObjectStore } from '../../src/stores/objects/object-store.ts';
import { openS3, type S3Settings } from '../../src/stores/objects/s3/open-s3.ts';
import type { Patience } from '../../src/stores/objects/transfer/retries.ts';
import { collect } from '../../src/system/streams/pipeline.ts';
import { streamOf } from '../support/chunks.ts';
import {
  FAULTS,
  type Fault,
  type FaultyProxy,
  type Plan,
  startFaultyProxy,
} from '../support/faulty-proxy.ts';
import { outcomeOf } from '../support/outcome.ts';
import { describeWithS3 } from '../support/s3-server.ts';
import { SAMPLE_NAME, sampleOf } from '../support/sample.ts';
import { scratchFolder } from '../support/scratch.ts';
import { sha256Of } from '../support/sha256.ts';

const scratch = scratchFolder();
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** Tests don't wait long; a server of this machine answers at once. */
const QUICK: Patience = { giveUpAfterMs: 20_000, firstPauseMs: 5, longestPauseMs: 50 };
const IDLE_MS = 700;

/** Three parts, of which the last is a short one; and two. */
const LARGE = randomBytes(20_000_000);
const MEDIUM = LARGE.subarray(0, 9_000_000);
const SMALL = randomBytes(100_000);

interface Operation {
  readonly prepare?: (store: ObjectStore) => Promise<unknown>;
  /** Does it, and expects that it was done. */
  readonly work: (store: ObjectStore) => Promise<unknown>;
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  put: {
    work: async (store) => {
      expect(await store.put('a', SMALL)).toMatchObject({ kind: 'put' });
      expect(await get(store, 'a')).toEqual(SMALL);
    },
  },
  'put if absent': {
    work: async (store) => {
      expect(await store.put('a', SMALL, { kind: 'absent' })).toMatchObject({ kind: 'put' });
      expect(await store.put('a', LARGE.subarray(0, 99), { kind: 'absent' })).toEqual({
        kind: 'refused',
      });
      expect(await get(store, 'a')).toEqual(SMALL);
    },
  },
  'put if unchanged': {
    prepare: (store) => store.put('a', Buffer.from('first')),
    work: async (store) => {
      const version = (await store.look('a'))?.version ?? '';
      const condition = { kind: 'unchanged', version } as const;
      expect(await store.put('a', SMALL, condition)).toMatchObject({ kind: 'put' });
      expect(await store.put('a', LARGE.subarray(0, 99), condition)).toEqual({ kind: 'refused' });
      expect(await get(store, 'a')).toEqual(SMALL);
    },
  },
  upload: {
    work: async (store) => {
      const content = streamOf(MEDIUM, 1 << 20);
      await store.upload('a', content, { sizeBytes: MEDIUM.length, sha256: sha256Of(MEDIUM) });
      expect(sha256Of(await get(store, 'a'))).toBe(sha256Of(MEDIUM));
    },
  },
  'read parts': {
    prepare: (store) => store.upload('a', streamOf(MEDIUM)),
    work: async (store) => {
      await using source = await store.open('a');
      const part = await source.read({ start: 100, end: 1_000_000 });
      expect(Buffer.compare(part, MEDIUM.subarray(100, 1_000_000))).toBe(0);
    },
  },
  list: {
    prepare: (store) => Promise.all(['a', 'b', 'c/d'].map((key) => store.put(key, SMALL))),
    work: async (store) => expect(await keysIn(store)).toEqual(['a', 'b', 'c/d']),
  },
  remove: {
    prepare: (store) => Promise.all(['a', 'b', 'c/d'].map((key) => store.put(key, SMALL))),
    work: async (store) => {
      await store.remove(['a', 'c/d']);
      expect(await keysIn(store)).toEqual(['b']);
    },
  },
};

describeWithS3('ceph', 'S3 on a line that breaks', (server) => {
  let settings: S3Settings | undefined;
  let stores = 0;
  /** Settings for a part of a bucket in which nothing is. */
  const newSettings = async (): Promise<S3Settings> => {
    settings ??= await server().newBucket();
    return { ...settings, prefix: `${++stores}/`, patience: QUICK };
  };
  const openBehind = async (proxy: FaultyProxy) =>
    openS3({ ...(await newSettings()), endpoint: proxy.url, idleMs: IDLE_MS });

  /** All that can be combined takes two minutes; this is a third of it. */
  const trials = Object.entries(OPERATIONS).map(([name, operation], shift) => ({
    ...operation,
    name,
    faults: sampleOf(FAULTS, { every: 3, shift }),
  }));

  describe.each(trials)(`$name, ${SAMPLE_NAME}`, ({ prepare, work, faults }) => {
    it.each(faults)('is done although a request meets this: %o', async (fault) => {
      const proxy = await startFaultyProxy(server().endpoint);
      const requestsWith = async (plan: Plan) => {
        await using store = await openBehind(proxy);
        proxy.follow(() => undefined);
        await prepare?.(store);
        proxy.follow(plan);
        await work(store);
        return proxy.requests;
      };
      const requests = await requestsWith(() => undefined);
      for (let at = 1; at <= requests; at++) {
        await requestsWith((number) => (number === at ? fault : undefined));
      }
    });
  });

  it('comes through a line that breaks again and again, at any byte', async () => {
    const proxy = await startFaultyProxy(server().endpoint);
    await using store = await openBehind(proxy);
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    proxy.follow(() => {
      const afterBytes = random(9_000_000);
      const faults: readonly Fault[] = [
        { kind: 'cut-request', afterBytes },
        { kind: 'cut-answer', afterBytes },
        { kind: 'end-answer', afterBytes },
        { kind: 'answer', status: 503, done: random(2) === 0 },
      ];
      return random(2) === 0 ? faults[random(faults.length)] : undefined;
    });
    for (let round = 0; round < 5; round++) {
      await store.upload('a', streamOf(LARGE, 1 << 20), { sizeBytes: LARGE.length });
      expect(sha256Of(await get(store, 'a'))).toBe(sha256Of(LARGE));
    }
  });

  it('fails clearly, and shows nothing, where the line never mends', async () => {
    const proxy = await startFaultyProxy(server().endpoint);
    const own = await newSettings();
    const patience = { ...QUICK, giveUpAfterMs: 300 };
    await using store = await openS3({ ...own, endpoint: proxy.url, patience });
    await using direct = await openS3(own);
    proxy.follow((number) => (number > 3 ? { kind: 'cut-request', afterBytes: 99 } : undefined));
    const upload = () => store.upload('a', streamOf(LARGE), { sizeBytes: LARGE.length });
    expect(await outcomeOf(upload)).toMatchObject({ code: 'system' });
    expect(await keysIn(direct)).toEqual([]);
    for (const work of [
      () => store.put('a', SMALL),
      () => store.put('a', SMALL, { kind: 'absent' }),
      () => get(store, 'a'),
      () => keysIn(store),
      () => store.remove(['a']),
    ]) {
      expect(await outcomeOf(async () => void (await work()))).toMatchObject({ code: 'system' });
    }
  });

  it('sends only what is missing when an upload is begun again', async () => {
    const proxy = await startFaultyProxy(server().endpoint);
    await using store = await openBehind(proxy);
    const sending = { sizeBytes: LARGE.length, sha256: sha256Of(LARGE) };
    const stopping = new AbortController();
    const stopped = store.upload('a', streamOf(LARGE, 1 << 20), {
      ...sending,
      signal: stopping.signal,
      onBytes: () => stopping.abort(new Error('stopped')),
    });
    await expect(stopped).rejects.toThrow('stopped');
    expect(await keysIn(store)).toEqual([]);
    const methods: string[] = [];
    proxy.follow((_, { method = '' }) => void methods.push(method));
    await store.upload('a', streamOf(LARGE, 1 << 20), sending);
    expect(methods.filter((method) => method === 'PUT').length).toBeLessThan(3);
    expect(sha256Of(await get(store, 'a'))).toBe(sha256Of(LARGE));
    // Other bytes don't go on with these.
    const other = randomBytes(LARGE.length);
    const otherSending = { sizeBytes: other.length, sha256: sha256Of(other) };
    await store.upload('a', streamOf(other), otherSending);
    expect(sha256Of(await get(store, 'a'))).toBe(sha256Of(other));
  });

  it('removes what was left unfinished before a time, and nothing else', async () => {
    const own = await server().newBucket();
    await using store = await openS3(own);
    const leave = async (key: string) => {
      const stopping = new AbortController();
      const stopped = store.upload(key, streamOf(LARGE, 1 << 20), {
        sizeBytes: LARGE.length,
        sha256: sha256Of(LARGE),
        signal: stopping.signal,
        onBytes: () => stopping.abort(new Error('stopped')),
      });
      await expect(stopped).rejects.toThrow('stopped');
    };
    const left = async () => {
      const command = new ListMultipartUploadsCommand({ Bucket: own.bucket });
      return ((await server().client.send(command)).Uploads ?? []).map(({ Key }) => Key).sort();
    };
    await leave('x/a');
    await leave('y/a');
    await store.put('x/b', SMALL);
    await store.removeUnfinished('x/', (await store.now()) - 60_000);
    expect(await left()).toEqual(['x/a', 'y/a']);
    await store.removeUnfinished('x/', (await store.now()) + 60_000);
    expect(await left()).toEqual(['y/a']);
    expect(await keysIn(store)).toEqual(['x/b']);
    // An upload that can't be gone on with is not left there.
    const broken = store.upload('z', streamOf(LARGE, 1 << 20), { sizeBytes: 1 });
    await expect(broken).rejects.toThrow();
    expect(await left()).toEqual(['y/a']);
  });

  it('lets one of two writers win, with all of its bytes', async () => {
    const own = await newSettings();
    await using one = await openS3(own);
    await using two = await openS3(own);
    const contents = [LARGE, randomBytes(LARGE.length)];
    for (const sha256 of [undefined, 'each its own']) {
      const uploads = [one, two].map((store, number) => {
        const content = contents[number] ?? LARGE;
        const known = sha256 === undefined ? {} : { sha256: sha256Of(content) };
        return store.upload('a', streamOf(content, 1 << 20), { sizeBytes: LARGE.length, ...known });
      });
      const ends = await Promise.allSettled(uploads);
      expect(ends.map(({ status }) => status)).toContain('fulfilled');
      expect(contents.map(sha256Of)).toContain(sha256Of(await get(one, 'a')));
    }
  });

  it('waits for a server that was killed and starts again', async () => {
    await using store = await openS3(await newSettings());
    await store.put('a', SMALL);
    const content = async function* () {
      yield LARGE.subarray(0, 10_000_000);
      server().killAndStart();
      yield LARGE.subarray(10_000_000);
    };
    await store.upload('b', content(), { sizeBytes: LARGE.length });
    expect(sha256Of(await get(store, 'b'))).toBe(sha256Of(LARGE));
    expect(await get(store, 'a')).toEqual(SMALL);
  });

  it('goes by the clock of the server where its own is an hour off', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    await using store = await openS3(await newSettings());
    await store.put('a', SMALL);
    expect(await get(store, 'a')).toEqual(SMALL);
    const realMs = Date.now() - 3_600_000;
    expect(Math.abs((await store.now()) - realMs)).toBeLessThan(60_000);
  });
});

describeWithS3('ceph', 'S3 with a limit', (server) => {
  it('takes no more of the line than it may, in both directions', async () => {
    await using store = await openS3({
      ...(await server().newBucket()),
      bytesPerSecond: 2_000_000,
    });
    const began = performance.now();
    await store.upload('a', streamOf(SMALL), { sizeBytes: SMALL.length });
    await store.put('b', SMALL);
    expect(await get(store, 'a')).toEqual(SMALL);
    // 300 kB, but for the last piece of each, of up to 64 KiB.
    expect(performance.now() - began).toBeGreaterThan(90);
    expect(await get(store, 'b')).toEqual(SMALL);
  });
});

describeWithS3('ceph', 'S3: what a server refuses', (server) => {
  it('is a clear failure', async () => {
    const settings = {
      ...(await server().newBucket()),
      patience: { ...QUICK, giveUpAfterMs: 300 },
    };
    const failureOf = async (other: Partial<S3Settings>) => {
      await using store = await openS3({ ...settings, ...other });
      return outcomeOf(() => store.put('a', SMALL));
    };
    const wrongKey = join(scratch, 'wrong-key');
    writeFileSync(wrongKey, 'aws_access_key_id = x\naws_secret_access_key = y\n', { mode: 0o600 });
    expect(await failureOf({ credentialsFile: wrongKey })).toMatchObject({ code: 'refused' });
    expect(await failureOf({ bucket: 'no-such-bucket' })).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('no such bucket'),
    });
    expect(await failureOf({ endpoint: 'http://127.0.0.1:1' })).toMatchObject({ code: 'system' });
    expect(await failureOf({ endpoint: 'http://no-such-host.invalid' })).toMatchObject({
      code: 'system',
      message: expect.stringContaining('ENOTFOUND'),
    });
  });

  it('is a clear failure where nothing says with which key to come', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) {
      vi.stubEnv(name, undefined);
    }
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(scratch, 'nothing'));
    vi.stubEnv('AWS_CONFIG_FILE', join(scratch, 'nothing'));
    const { credentialsFile: _, ...settings } = await server().newBucket();
    await using store = await openS3(settings);
    expect(await outcomeOf(() => store.look('a'))).toMatchObject({
      code: 'usage',
      message: expect.stringContaining('no credentials'),
    });
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'testkey');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'testsecret');
    await using other = await openS3(settings);
    expect(await other.look('a')).toBeUndefined();
  });

  it('is a full bucket, in which nothing new is seen', async () => {
    const settings = await server().newBucket();
    server().limitBucket(settings.bucket, 1_000_000);
    await using store = await openS3(settings);
    await store.put('a', SMALL);
    const upload = () => store.upload('b', streamOf(LARGE), { sizeBytes: LARGE.length });
    expect(await outcomeOf(upload)).toMatchObject({
      code: 'system',
      message: expect.stringContaining('the bucket is full'),
    });
    expect(await keysIn(store)).toEqual(['a']);
  });
});

async function get(store: ObjectStore, key: string): Promise<Buffer> {
  return collect(store.read(key));
}

async function keysIn(store: ObjectStore): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const page of store.pages('')) keys.push(...page.map(({ key }) => key));
  return keys;
}
