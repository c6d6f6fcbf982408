import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CopySettings } from '../../src/config/model/copy-settings.ts';
import { dataPrefix, LEASE_KEY, sitePrefix } from '../../src/copies/layout/keys.ts';
import { backUpSite } from '../../src/operations/backup/backup-site.ts';
import type { PushRequest } from '../../src/operations/copies/copying.ts';
import { pushSite } from '../../src/operations/copies/push-site.ts';
import { verifyCopy } from '../../src/operations/copies/verify-copy.ts';
import { LATEST_BACKUP } from '../../src/repository/restore-target.ts';
import { endLease } from '../../src/stores/objects/lease/end-lease.ts';
import { findLease } from '../../src/stores/objects/lease/standing-lease.ts';
import { objectsBelow } from '../../src/stores/objects/objects-below.ts';
import { openS3, type S3Settings } from '../../src/stores/objects/s3/open-s3.ts';
import type { Patience } from '../../src/stores/objects/transfer/retries.ts';
import { BY_NODE } from '../support/backup-settings.ts';
import {
  type CopiedTestSite,
  copiedSite,
  expectSameBlobs,
  restoreFrom,
} from '../support/copied-site.ts';
import { cuttingProxy } from '../support/cutting-proxy.ts';
import { growDatabase } from '../support/database.ts';
import { FAULTS, type Fault, type Plan, startFaultyProxy } from '../support/faulty-proxy.ts';
import { outcomeOf } from '../support/outcome.ts';
import { quietContext } from '../support/quiet-context.ts';
import { describeWithS3 } from '../support/s3-server.ts';
import { IS_WHOLE, SAMPLE, SAMPLE_NAME } from '../support/sample.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newFolderOn, openOn } from '../support/sftp-store.ts';
import { sameBytes } from '../support/site.ts';
import { hasSshServer, SshServer } from '../support/ssh-server.ts';

const scratch = scratchFolder();
const latest = { scratch, wanted: LATEST_BACKUP };
/** Longer than a lock lasts; three times as much, and the servers would take requests for forged ones. */
const LATER_MS = 300_000;

/** Tests don't wait long; a server of this machine answers at once. */
const QUICK: Patience = { giveUpAfterMs: 20_000, firstPauseMs: 5, longestPauseMs: 50 };
const HASTY: Patience = { giveUpAfterMs: 50, firstPauseMs: 5, longestPauseMs: 20 };
const IDLE_MS = 700;

/** Two chains, of two points and of one. */
const DAYS = ['as-set', 'as-set', 'always'] as const;

/** How many faults each request meets, one in each run: all of them take long. Without this, a sample of them meets one. */
const ROUNDS = Number(process.env['FAULT_ROUNDS'] ?? 1);
const STEP = IS_WHOLE || process.env['FAULT_ROUNDS'] !== undefined ? 1 : 9;
/** The first one that meets a fault. */
const FIRST = 1 + (SAMPLE % STEP);
/** Has nothing in common with the number of faults, so that neighbours meet others. */
const STRIDE = 5;

type Open = PushRequest['open'];

let site: CopiedTestSite;
let day = DAYS.length;

beforeAll(async () => {
  site = await copiedSite(scratch, {}, DAYS);
});

function requestTo(open: Open, change: Partial<CopySettings> = {}): PushRequest {
  const copy = { ...site.copy, ...change };
  return { site: site.site, copy, now: () => new Date(), open };
}

function push(open: Open, change?: Partial<CopySettings>) {
  return pushSite(requestTo(open, change), quietContext());
}

function verify(open: Open) {
  return verifyCopy(requestTo(open), quietContext());
}

/** That a copy has so many points, that each is whole, and that the newest is what the site is. */
async function expectWhole(open: Open, points: number): Promise<void> {
  expect(await verify(open)).toMatchObject({ points, findings: [] });
  const { dataFs, blobs } = await restoreFrom(await open(site.copy), latest);
  expect(sameBytes(dataFs, site.test.dataFs)).toBe(true);
  expectSameBlobs(blobs, join(site.test.folder, 'var/blobstorage'));
}

/** Makes an increment. */
async function backUp(): Promise<void> {
  await growDatabase(site.test.dataFs, { transactions: 1 });
  day += 1;
  const now = () => new Date(Date.UTC(2026, 2, day, 2));
  await backUpSite({ ...BY_NODE, site: site.site, full: 'as-set', now }, quietContext());
}

/** As if the process of a run had ended: its lock is nobody's any more. */
async function endRun(open: Open): Promise<void> {
  await using store = await open(site.copy);
  const below = objectsBelow(store, sitePrefix(site.copy.site));
  const found = await findLease(below, LEASE_KEY);
  if (found.kind !== 'absent') await endLease(found, { store: below, key: LEASE_KEY });
}

/** What is done behind a proxy, again and again. */
interface Trial {
  /** Before the line breaks. */
  readonly prepare?: (direct: Open) => Promise<unknown>;
  readonly run: (behind: Open) => Promise<unknown>;
  /** When it is over. */
  readonly check: (direct: Open) => Promise<unknown>;
}

/** What becomes of the requests, by the number of the one whose turn it is. */
interface Planned {
  /** What the first run meets, in which no request has its turn. */
  readonly calm: Plan;
  readonly plans: (at: number) => readonly Plan[];
  readonly patience: Patience;
}

/** One request meets a fault; each request in turn, and with it each fault. */
function oneFault(otherwise?: Fault): Planned {
  const plans = (at: number) =>
    Array.from({ length: ROUNDS }, (_, round): Plan => {
      const fault = FAULTS[(at * STRIDE + round) % FAULTS.length];
      return (number) => (number === at ? fault : otherwise);
    });
  return { calm: () => otherwise, plans, patience: QUICK };
}

/** From one request on nothing gets through; now and then, the server does the first all the same. */
const DEAD_LINE: Planned = {
  calm: () => undefined,
  patience: HASTY,
  plans: (at) => [
    (number) =>
      number < at
        ? undefined
        : { kind: 'answer', status: 503, done: number === at && at % 4 === 1 },
  ],
};

describe.skipIf(!hasSshServer)('a copy on a server that speaks SFTP, on a line that breaks', () => {
  /** Bytes of the packets before the user is let in, with room to spare. */
  const LOGIN_BYTES = 12_000;
  /** All of a copy, both ways. */
  const MOST_BYTES = 1_000_000;
  const FACTOR = STEP === 1 ? 1.2 : 3;
  let server: SshServer;

  beforeAll(async () => {
    const state = join(scratch, 'ssh');
    mkdirSync(state);
    server = await SshServer.start(state);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('gets every backup, and gives it back, at whichever byte it breaks', async () => {
    await using proxy = await cuttingProxy(server.port);
    server.trust(['ed25519'], proxy.port);
    for (let bytes = LOGIN_BYTES; bytes < MOST_BYTES; bytes = Math.ceil(bytes * FACTOR)) {
      const folder = newFolderOn(server);
      const behind = async () => {
        proxy.cutAfter(bytes);
        const store = await openOn(server, folder, proxy.port);
        // Only the first connection is cut: a later one may need more bytes for one of its requests.
        proxy.cutAfter(undefined);
        return store;
      };
      expect(await push(behind)).toMatchObject({ points: DAYS.length });
      await expectWhole(behind, DAYS.length);
      expect(await push(behind, { keep: 1 })).toMatchObject({ removed: 2 });
      await expectWhole(behind, 1);
    }
  });
});

describeWithS3('ceph', `a copy in a bucket, on a line that breaks, ${SAMPLE_NAME}`, (server) => {
  let bucket: S3Settings;
  let places = 0;

  beforeAll(async () => {
    bucket = await server().newBucket();
  });

  /** Does it once as it goes calmly, then as planned for each request of it, each time in a new place. */
  const forEachRequest = async (
    { prepare, run, check }: Trial,
    { calm, plans, patience }: Planned,
  ) => {
    const proxy = await startFaultyProxy(server().endpoint);
    const follow = async (plan: Plan) => {
      const settings: S3Settings = { ...bucket, prefix: `${++places}/`, patience: QUICK };
      const direct = () => openS3(settings);
      await prepare?.(direct);
      proxy.follow(plan);
      await run(() => openS3({ ...settings, endpoint: proxy.url, idleMs: IDLE_MS, patience }));
      const { requests } = proxy;
      await check(direct);
      return requests;
    };
    const requests = await follow(calm);
    for (let at = FIRST; at <= requests; at += STEP)
      for (const plan of plans(at)) await follow(plan);
  };

  it('gets every backup, whichever request meets whichever fault', async () => {
    const run = async (behind: Open) => {
      expect(await push(behind)).toMatchObject({ points: DAYS.length });
    };
    const check = (direct: Open) => expectWhole(direct, DAYS.length);
    await forEachRequest({ run, check }, oneFault());
  });

  it('is verified, and comes back, whichever request meets whichever fault', async () => {
    const run = (behind: Open) => expectWhole(behind, DAYS.length);
    await forEachRequest({ prepare: push, run, check: async () => {} }, oneFault());
  });

  it('loses its old backups and no other ones, whichever request meets whichever fault', async () => {
    const run = async (behind: Open) => {
      expect(await push(behind, { keep: 1 })).toMatchObject({ removed: 2 });
    };
    const check = (direct: Open) => expectWhole(direct, 1);
    await forEachRequest({ prepare: push, run, check }, oneFault());
  });

  it('is whole at each request at which a line dies, and complete after the next run', async () => {
    const run = async (behind: Open) => void (await outcomeOf(() => push(behind)));
    const check = async (direct: Open) => {
      expect(await verify(direct)).toMatchObject({ findings: [] });
      await endRun(direct);
      await push(direct);
      await expectWhole(direct, DAYS.length);
    };
    await forEachRequest({ run, check }, DEAD_LINE);
  });

  it('is whole where the line dies while old backups go, and the next run goes on', async () => {
    const run = async (behind: Open) => void (await outcomeOf(() => push(behind, { keep: 1 })));
    const check = async (direct: Open) => {
      const { points, findings } = await verify(direct);
      expect(findings).toEqual([]);
      expect(points).toBeGreaterThanOrEqual(1);
      await endRun(direct);
      await push(direct, { keep: 1 });
      await expectWhole(direct, 1);
    };
    await forEachRequest({ prepare: push, run, check }, DEAD_LINE);
  });

  it('loses what no record names, and nothing else, whichever request meets whichever fault', async () => {
    const later = (times: number): Fault => ({ kind: 'clock', aheadMs: times * LATER_MS });
    const soon = await startFaultyProxy(server().endpoint);
    soon.follow(() => later(1));
    const prepare = async (direct: Open) => {
      await push(direct);
      // What no record names any more is listed now.
      await push(async () => openS3({ ...bucket, prefix: `${places}/`, endpoint: soon.url }), {
        keep: 1,
      });
      await backUp();
    };
    const run = async (behind: Open) => {
      expect(await push(behind, { keep: 1 })).toMatchObject({ points: 1 });
    };
    /** Whether each run has swept; in the first one no request meets a fault. */
    const swept: boolean[] = [];
    const check = async (direct: Open) => {
      await using store = await direct(site.copy);
      const data = sitePrefix(site.copy.site) + dataPrefix({ storage: 'Data', kind: 'backup' });
      const stamps = new Set<string>();
      for await (const page of store.pages(data)) {
        for (const { key } of page) stamps.add(key.slice(data.length, data.length + 10));
      }
      swept.push(!stamps.has('2026-03-01'));
      await expectWhole(direct, day - 2);
    };
    await forEachRequest({ prepare, run, check }, oneFault(later(2)));
    expect(swept[0]).toBe(true);
    // A run doesn't sweep if the answer that tells it the time is the one that doesn't say that it is late. How many
    // requests there are differs from machine to machine, but few of them tell the time.
    expect(swept.filter(Boolean).length).toBeGreaterThan(swept.length / 2);
  });
});
