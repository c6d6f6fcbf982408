import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { blobContents, type Stage, stagesOf } from '../support/history.ts';
import { type Maker, nextSecond, realBuildoutIn } from '../support/real-buildout.ts';
import { describeReal } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { sameBytes } from '../support/site.ts';

const scratch = scratchFolder();

const LINES = [
  ...['archive_blob = true', 'gzip_blob = false', 'blob_timestamps = false'],
  'enable_zipbackup = true',
];
const TURNS: readonly Maker[] = ['zodbvault', 'recipe', 'recipe', 'zodbvault', 'recipe'];

/** Each gives what becomes of an archive. */
const HARMS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  'a bit of its first header': (bytes) => flipped(bytes, 2),
  'a bit of its content': (bytes) => flipped(bytes, bytes.length >> 1),
  'its end': (bytes) => bytes.subarray(0, bytes.length >> 1),
};
/** The recipe's tells nothing of its content. */
const FOUND = Object.keys(HARMS);
const FOUND_UNRECORDED = FOUND.filter((harm) => harm !== 'a bit of its content');

describeReal('zodb', 'archives that the real recipe renames without our records', () => {
  it.each([
    [
      'zip',
      'var/blobstoragezips',
      { 'blobstorage.0.tar': 'not recorded, complete' },
      { 'blobstorage.0.tar': FOUND_UNRECORDED },
    ],
    [
      'snapshot',
      'var/blobstoragesnapshots',
      { 'blobstorage.0.tar': 'not recorded, complete', 'blobstorage.1.tar': 'sha256' },
      { 'blobstorage.0.tar': FOUND_UNRECORDED, 'blobstorage.1.tar': FOUND },
    ],
  ])('%s: are good until one is damaged', async (kind, blobFolder, good, found) => {
    const { site, run, script, take } = realBuildoutIn(join(scratch, kind), LINES);
    const where = ['--kind', kind] as const;
    let turn = 0;
    let last: Stage | undefined;
    for await (const stage of stagesOf(site, 'undo')) {
      await take(TURNS[turn++] ?? 'recipe');
      await nextSecond();
      await run(script(`${kind}backup`), '-q');
      await site.runWell('verify', ...where);
      last = stage;
      if (turn === TURNS.length) break;
    }
    const { stderr } = await site.runWell('verify', '-v', ...where);
    for (const [name, how] of Object.entries(good)) expect(stderr).toContain(`${name} (${how}`);
    expect((await site.runWell('list', ...where)).stdout).not.toMatch(/missing|BAD/);
    const retired = await site.runWell('delete', '--damaged', '-n', ...where);
    expect(retired.stderr).toContain('nothing there is damaged');
    const to = join(site.folder, 'restored');
    await site.runWell('restore', '-n', '--to', to, ...where);
    expect(sameBytes(join(to, 'filestorage/Data.fs'), last?.dataFs ?? '')).toBe(true);
    expect(blobContents(join(to, 'blobstorage'))).toEqual(last?.blobs);

    const folder = join(site.folder, blobFolder);
    const archives = readdirSync(folder).filter((name) => name.endsWith('.tar'));
    const seen: Record<string, string[]> = Object.fromEntries(archives.map((name) => [name, []]));
    for (const name of archives) {
      for (const [what, harm] of Object.entries(HARMS)) {
        using _ = harmed(join(folder, name), harm);
        const verified = await site.run(['verify', ...where]);
        if (verified.status !== 1) continue;
        const isNamed = `^Warning: (a backup is not intact: Cannot use the archive )?".*/${name}"`;
        expect(verified.stderr).toMatch(new RegExp(isNamed, 'm'));
        seen[name]?.push(what);
      }
    }
    expect(seen).toEqual(found);
    console.info(`Rotated ${kind} archives: ${TURNS.length} backups`, seen);
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const other = Buffer.from(bytes);
  other.writeUInt8(other.readUInt8(at) ^ 1, at);
  return other;
}

/** Damages a file as a disk does, which leaves its time; puts it right again at the end. */
function harmed(path: string, harm: (bytes: Buffer) => Buffer): Disposable {
  const { atime, mtime } = statSync(path);
  const bytes = readFileSync(path);
  const write = (content: Buffer) => {
    writeFileSync(path, content);
    utimesSync(path, atime, mtime);
  };
  write(harm(bytes));
  return { [Symbol.dispose]: () => write(bytes) };
}
