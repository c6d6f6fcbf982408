import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { oidFrom } from '../../src/filestorage/oid.ts';
import { encodeObjectState, reference } from '../../src/filestorage/writer/object-state.ts';
import { documentOf } from '../support/document.ts';
import { LogBuilder } from '../support/log-builder.ts';
import { scratchFolder } from '../support/scratch.ts';
import { siteIn, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();

/** What a wrapper of a storage does to a record before it is written. */
type Wrapper = (pickles: Buffer) => Buffer;

const zlib: Wrapper = (pickles) => Buffer.concat([Buffer.from('.z'), deflateSync(pickles)]);
const hex: Wrapper = (pickles) => Buffer.from(`.h${pickles.toString('hex')}`);
const encrypted: Wrapper = (pickles) =>
  Buffer.concat([Buffer.from('.e'), pickles.map((byte) => byte ^ 0x5a)]);
const plain: Wrapper = (pickles) => pickles;

/** A page of text that refers to another object. */
function pickles(...refersTo: readonly number[]): Buffer {
  const text = 'lorem ipsum '.repeat(30);
  const links = refersTo.map((oid) => reference('mapping', oidFrom(oid)));
  return encodeObjectState({ kind: 'list', items: [text, ...links] });
}

/** A site of which the root and each page are wrapped in their own way, with one backup. */
async function siteOf(
  name: string,
  records: readonly (readonly [wrapper: Wrapper, refersTo: number])[],
  edit: (bytes: Buffer) => void = () => {},
): Promise<TestSite> {
  const log = new LogBuilder();
  for (const [oid, [wrapper, refersTo]] of records.entries()) {
    log.add([{ oid, pickle: wrapper(pickles(refersTo)) }]);
  }
  const bytes = log.bytes();
  edit(bytes);
  const site = siteIn(join(scratch, name));
  mkdirSync(dirname(site.dataFs), { recursive: true });
  writeFileSync(site.dataFs, bytes);
  await site.run(['backup']);
  return site;
}

async function verifyDeep(site: TestSite) {
  const { status, points } = documentOf(await site.run(['verify', '--deep', '--json']));
  const [{ findings, counts }] = points;
  return { status, findings, summary: counts };
}

describe('records that zlib has compressed', () => {
  it('are followed like others, beside those that are not compressed', async () => {
    const site = await siteOf('zlib', [
      [zlib, 1],
      [plain, 2],
      [zlib, 0],
    ]);
    const { status, findings, summary } = await verifyDeep(site);
    expect([status, findings, summary.followed]).toEqual([0, [], 3]);
    for (const words of [['show'], ['log'], ['list']]) {
      const { stdout } = await site.runWell(...words);
      expect(stdout).toContain(words[0] === 'list' ? ' deep' : 'persistent.list.PersistentList');
    }
  });

  it('are found to refer to what does not exist, by name', async () => {
    const site = await siteOf('zlib-dangling', [
      [zlib, 1],
      [zlib, 0xbad],
    ]);
    const { status, findings } = await verifyDeep(site);
    expect(status).toBe(1);
    expect(findings).toMatchObject([
      {
        code: 'reference',
        oid: '0000000000000001',
        className: 'persistent.list.PersistentList',
      },
    ]);
  });

  it('are damaged where zlib cannot inflate them', async () => {
    const site = await siteOf(
      'zlib-damaged',
      [
        [zlib, 1],
        [zlib, 0],
      ],
      (bytes) => {
        const at = bytes.lastIndexOf('.z') + 40;
        bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
      },
    );
    const { status, findings } = await verifyDeep(site);
    expect(status).toBe(1);
    expect(findings).toMatchObject([{ result: 'bad', code: 'pickle', oid: '0000000000000001' }]);
    expect(findings[0].message).toContain('Cannot inflate the record');
  });
});

describe.each([
  ['hexadecimal', hex, '.h'],
  ['encrypted', encrypted, '.e'],
  ['compressed encrypted', (data: Buffer) => zlib(encrypted(data)), '.e'],
] as const)('records of which all are %s', (name, wrapper, mark) => {
  it('are noted, and the look at them is no deep one', async () => {
    const site = await siteOf(name, [
      [wrapper, 1],
      [wrapper, 0xbad],
    ]);
    const { status, findings } = await verifyDeep(site);
    expect(status).toBe(0);
    expect(findings).toMatchObject([{ result: 'note', code: 'pickle' }]);
    expect(findings[0].message).toContain(`each begins with "${mark}"`);
    const { stdout } = await site.runWell('list');
    expect(stdout).toContain(' checksums only');
    expect(stdout).not.toContain(' deep');
    expect((await site.runWell('show')).stdout).toContain(`? ("${mark}")`);
    expect((await site.runWell('test-restore')).stderr).toContain('0 problems');
    expect((await site.runWell('list')).stdout.match(/checksums only/g)).toHaveLength(2);
  });

  it('are damaged where others can be read', async () => {
    const site = await siteOf(`${name}, some`, [
      [plain, 1],
      [wrapper, 0],
    ]);
    const { status, findings } = await verifyDeep(site);
    expect(status).toBe(1);
    expect(findings).toMatchObject([{ result: 'bad', code: 'pickle', oid: '0000000000000001' }]);
  });

  it('do not hide what is wrong with transactions', async () => {
    const site = await siteOf(
      `${name}, damaged`,
      [
        [wrapper, 1],
        [wrapper, 0],
      ],
      (bytes) => bytes.writeUInt8(bytes.readUInt8(26) ^ 1, 26 + 23),
    );
    const { status } = await verifyDeep(site);
    expect(status).toBe(1);
    expect((await site.runWell('list')).stdout).toContain('BAD ');
  });
});

describe('records of which one has another mark than all others', () => {
  it('are damaged in that one', async () => {
    const other: Wrapper = (data) =>
      Buffer.concat([Buffer.from('.q'), encrypted(data).subarray(2)]);
    const site = await siteOf('another-mark', [
      [encrypted, 1],
      [other, 2],
      [encrypted, 0],
    ]);
    const { status, findings } = await verifyDeep(site);
    expect(status).toBe(1);
    expect(findings).toMatchObject([
      { result: 'bad', code: 'pickle', oid: '0000000000000001' },
      { result: 'note', code: 'pickle' },
    ]);
  });
});
