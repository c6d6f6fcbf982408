/** The example of docs/library.md, compiled and run against the package as npm packs it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openCopy } from '../src/copy-library.ts';
import type { JobEvent } from '../src/operations/run/events.ts';
import { openSite } from '../src/site-library.ts';
import { runProgram } from './support/command.ts';
import { copiedSite, stampOfDay } from './support/copied-site.ts';
import { makeSite } from './support/database.ts';
import { blobContents } from './support/history.ts';
import { scratchFolder } from './support/scratch.ts';
import { sameBytes } from './support/site.ts';

const ROOT = join(import.meta.dirname, '..');
const scratch = scratchFolder();

it('example backs up a site with its blobs, lists, verifies and restores it', async () => {
  const site = join(scratch, 'plone');
  const copy = join(scratch, 'copy');
  await makeSite(join(site, 'var/filestorage/Data.fs'), 30);
  installPackage();
  const page = readFileSync(join(ROOT, 'docs/library.md'), 'utf8');
  const [, example = ''] = /```ts\n(.*?)```/s.exec(page) ?? [];
  expect(example.trim().split('\n').length).toBe(10);
  writeFileSync(
    join(scratch, 'example.ts'),
    example.replaceAll('/srv/plone', site).replaceAll('/srv/copy', copy),
  );
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--skipLibCheck'];
  const compiled = await runProgram(process.execPath, [compiler, ...options, 'example.ts'], {
    cwd: scratch,
  });
  expect([compiled.status, compiled.stdout]).toEqual([0, '']);
  const { status, stdout, stderr } = await runProgram(process.execPath, ['example.js'], {
    cwd: scratch,
  });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^full blobstorage\.\S+\n1 0 \d+\n$/);
  const restored = join(copy, 'filestorage/Data.fs');
  expect(sameBytes(restored, join(site, 'var/filestorage/Data.fs'))).toBe(true);
  const blobs = blobContents(join(site, 'var/blobstorage'));
  expect(Object.keys(blobs).length).toBeGreaterThan(0);
  expect(blobContents(join(copy, 'blobstorage'))).toEqual(blobs);
});

it('stops where nothing says where the backups of blobs go, or how many backups stay', async () => {
  const folder = join(scratch, 'other');
  await makeSite(join(folder, 'var/filestorage/Data.fs'), 3);
  const code = 'usage';
  const unclear = await openSite({ folder, location: 'elsewhere' });
  await expect(unclear.backUp()).rejects.toMatchObject({ code });
  await expect(unclear.restore({ to: 'copy' })).rejects.toMatchObject({ code });
  await expect(openSite({ folder, keep: -1 })).rejects.toMatchObject({ code });
  const site = await openSite({ folder, location: 'elsewhere', blobs: 'left-out' });
  await expect(site.list()).rejects.toMatchObject({ code: 'not-found' });
  expect(await site.backUp()).toMatchObject([{ storage: 'Data', blobs: undefined }]);
  expect(await site.verifyDeep()).toMatchObject([{ point: { findings: [] } }]);
});

it('copies a site as its settings say, and brings it back out of the copy alone', async () => {
  const folder = join(scratch, 'copied');
  const place = join(scratch, 'place');
  mkdirSync(place);
  const dataFs = join(folder, 'var/filestorage/Data.fs');
  await makeSite(dataFs, 5);
  const copies = [{ url: place, site: 'plone', keep: 3 }];
  const site = await openSite({ folder, settings: { copies, keep_daily: 7 } });
  await site.backUp();
  const copy = openCopy(place, { site: 'plone' });
  const points = (await copy.list()).flatMap((one) => one.points);
  expect(points.length).toBe(1);
  const bad = (await copy.verify()).flatMap(({ findings, blobFindings }) =>
    [...findings, ...blobFindings].filter(({ kind }) => kind === 'bad'),
  );
  expect(bad).toEqual([]);
  const to = join(scratch, 'out-of-copy');
  await copy.restore({ to });
  expect(sameBytes(join(to, 'filestorage/Data.fs'), dataFs)).toBe(true);
  expect(blobContents(join(to, 'blobstorage'))).toEqual(
    blobContents(join(folder, 'var/blobstorage')),
  );
  await expect(openCopy(place, { site: 'other' }).list()).rejects.toMatchObject({
    code: 'not-found',
  });
  const wrong = openSite({ folder, settings: { kepp: 3, keep: 'all' } });
  await expect(wrong).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringMatching(/kepp: unknown option.*"keep"[\s\S]*keep: a whole number/),
  });
});

it('reads what is whole of a copy, and says which restore point is not', async () => {
  const { place, states } = await copiedSite(scratch);
  const points = join(place, 'sites/plone/points/Data-backup');
  const [name = ''] = readdirSync(points).filter((one) => one.startsWith(stampOfDay(3)));
  writeFileSync(join(points, name), '{"format": 1}');
  const told: JobEvent[] = [];
  const copy = openCopy(place, {
    onEvent: (event) => void (event.kind === 'warning' && told.push(event)),
  });
  const warning = {
    code: 'copied-point-unusable',
    reason: expect.stringContaining(stampOfDay(3)),
  };
  const [listed] = await copy.list();
  expect([listed?.points.length, told]).toMatchObject([4, [warning]]);
  for (const day of [2, 5]) {
    const to = join(scratch, `day-${day}`);
    await copy.restore({ date: stampOfDay(day), to });
    const restored = readFileSync(join(to, 'filestorage/Data.fs'));
    expect(states[day - 1]?.equals(restored)).toBe(true);
  }
  expect(await copy.verifyDeep()).toMatchObject([{ point: { findings: [] } }]);
  const to = join(scratch, 'damaged');
  await expect(copy.restore({ date: stampOfDay(3), to })).rejects.toMatchObject({
    code: 'damaged',
  });
  await expect(copy.verify()).rejects.toMatchObject({ code: 'damaged' });
}, 120_000);

/** Below `scratch`, with what its types and its code import. */
function installPackage(): void {
  const packages = join(scratch, 'node_modules');
  mkdirSync(packages);
  const words = ['pack', '--ignore-scripts', '--json', '--pack-destination', scratch];
  const [packed] = JSON.parse(execFileSync('npm', words, { cwd: ROOT, encoding: 'utf8' })) as [
    { readonly filename: string },
  ];
  execFileSync('tar', ['-xf', join(scratch, packed.filename), '-C', packages]);
  execFileSync('mv', [join(packages, 'package'), join(packages, 'zodbvault')]);
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const name of [...Object.keys(manifest.dependencies), '@types/node', 'undici-types']) {
    mkdirSync(join(packages, name, '..'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(packages, name));
  }
  writeFileSync(join(scratch, 'package.json'), '{"type": "module"}');
}
