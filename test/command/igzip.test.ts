/** Large gzip files of one member, as repozo makes them: igzip decompresses them, and zlib has the last word. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { growDatabase } from '../support/database.ts';
import { BASIC_PROGRAMS, pathWith } from '../support/programs.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, sameBytes, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const hasIgzip = spawnSync('igzip', ['--version']).status === 0;
const calls = join(scratch, 'calls');
let withoutIgzip: string;
let site: TestSite;
let path: string;
/** The only data file, as repozo would make it. */
let zipped: Buffer;

beforeAll(async () => {
  withoutIgzip = pathWith(join(scratch, 'basic'), { programs: BASIC_PROGRAMS });
  site = await newSite(scratch);
  await growDatabase(site.dataFs, { transactions: 20, bytesEach: 1_000_000 });
  await site.runWell('backup', '--compressor', 'node');
  for (const name of readdirSync(site.repository)) {
    if (name.endsWith('.json')) rmSync(join(site.repository, name)); // repozo makes none.
  }
  path = join(site.repository, site.dataFiles()[0] ?? '');
  zipped = gzipSync(readFileSync(site.dataFs), { level: 1 });
});

beforeEach(() => {
  writeFileSync(path, zipped);
  writeFileSync(calls, '');
  rmSync(target(), { force: true });
});

let made = 0;
/** A PATH with an igzip that counts its calls and does something. */
function withIgzip(does: string): string {
  const igzip = `echo >> ${calls}; ${does}`;
  const programs = ['cat', 'head', 'tr'];
  const folder = pathWith(join(scratch, `path-${made++}`), { programs, scripts: { igzip } });
  return [folder, withoutIgzip].join(delimiter);
}

const REAL_ONE = 'exec REAL "$@"';
const target = () => join(site.folder, 'out.fs');

/** How a verification and a restore end with this PATH, and what they say. */
async function outcomes(PATH: string) {
  rmSync(target(), { force: true });
  const verified = await site.run(['verify'], { env: { PATH } });
  const restored = await site.run(['restore', '--to', 'out.fs'], { env: { PATH } });
  return [verified, restored].map(({ status, stdout, stderr }) => ({ status, stdout, stderr }));
}

describe.skipIf(!hasIgzip)('a large gzip file of one member (needs igzip)', () => {
  it('is verified and restored through igzip', async () => {
    const [verified, restored] = await outcomes(withIgzip(REAL_ONE));
    expect([verified?.status, restored?.status]).toEqual([0, 0]);
    expect(sameBytes(target(), site.dataFs)).toBe(true);
    expect(readFileSync(calls, 'utf8')).toBe('\n\n');
  });

  it('is read by zlib where each of its members says its length', async () => {
    await site.runWell('backup', '--full', '--compressor', 'node');
    const [name = ''] = site.dataFiles().slice(-1);
    const ours = readFileSync(join(site.repository, name));
    for (const file of readdirSync(site.repository)) {
      if (file.startsWith(name.slice(0, 19))) rmSync(join(site.repository, file));
    }
    writeFileSync(path, ours);
    const [verified] = await outcomes(withIgzip(REAL_ONE));
    expect([verified?.status, readFileSync(calls, 'utf8')]).toEqual([0, '']);
  });

  it.each([
    ['fails at once', 'exit 1'],
    ['is killed', 'kill -9 $$'],
    ['gives nothing', 'cat > /dev/null'],
    ['fails in the middle', 'head -c 9000000 | REAL "$@"'],
    ['gives a part', 'REAL "$@" | head -c 9000000'],
    ['gives all and fails', 'REAL "$@"; exit 1'],
  ])('is verified and restored by zlib if igzip %s', async (_, does) => {
    const [verified, restored] = await outcomes(withIgzip(does));
    expect([verified?.status, restored?.status]).toEqual([0, 0]);
    expect(sameBytes(target(), site.dataFs)).toBe(true);
    expect(readFileSync(calls, 'utf8')).toBe('\n\n');
  });

  it.each([
    ['changes bytes', "REAL \"$@\" | tr '\\000' '\\001'"],
    ['gives more', 'REAL "$@"; echo more'],
  ])('is not believed if igzip %s, and not called damaged', async (_, does) => {
    const PATH = withIgzip(does);
    const { status, stderr } = await site.run(['verify'], { env: { PATH } });
    expect(stderr).toContain('igzip gives other bytes than zlib');
    expect(stderr).toContain('Remove the package of igzip');
    expect(status).toBe(1);
    const restored = await site.run(['restore', '--to', 'out.fs'], { env: { PATH } });
    expect(restored.stderr).toContain('igzip gives other bytes than zlib');
    expect([restored.status, existsSync(target())]).toEqual([1, false]);
  });

  it.each<[string, (file: Buffer) => Buffer]>([
    ['cut in the middle', (file) => file.subarray(0, file.length >> 1)],
    ['cut before its last byte', (file) => file.subarray(0, -1)],
    ['followed by something', (file) => Buffer.concat([file, Buffer.from('more')])],
    ['followed by zeros', (file) => Buffer.concat([file, Buffer.alloc(600)])],
    ['followed by a member', (file) => Buffer.concat([file, gzipSync('more')])],
    ['of another method', (file) => changed(file, 2)],
    ['with unknown flags', (file) => changed(file, 3, 0xe0)],
    ['changed at its begin', (file) => changed(file, 40)],
    ['changed in the middle', (file) => changed(file, file.length >> 1)],
    ['changed in its checksum', (file) => changed(file, file.length - 8)],
    ['changed in its length', (file) => changed(file, file.length - 4)],
  ])('is found out as without igzip if it is %s', async (_, damage) => {
    writeFileSync(path, damage(zipped));
    const expected = await outcomes(withoutIgzip);
    expect(expected.map(({ status }) => status)).toEqual([1, 1]);
    expect(await outcomes(withIgzip(REAL_ONE))).toEqual(expected);
    expect(existsSync(target())).toBe(false);
  });

  it('is read to its end if it has several members', async () => {
    const content = readFileSync(site.dataFs);
    const half = content.length >> 1;
    writeFileSync(
      path,
      Buffer.concat([gzipSync(content.subarray(0, half)), gzipSync(content.subarray(half))]),
    );
    const [verified, restored] = await outcomes(withIgzip(REAL_ONE));
    expect([verified?.status, restored?.status]).toEqual([0, 0]);
    expect(sameBytes(target(), site.dataFs)).toBe(true);
  });
});

function changed(file: Buffer, place: number, bits = 1): Buffer {
  const copy = Buffer.from(file);
  copy[place] = (copy[place] ?? 0) ^ bits;
  return copy;
}
