/** What --json prints: one document for each command, as its schema says. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { describeCommand } from '../../src/cli/reference/command-table.ts';
import { schemaOf } from '../../src/cli/render/json/documents.ts';
import { formatJsonPage } from '../../tools/json-page.ts';
import { COMMANDS_WITH_JSON, jsonSchemas } from '../../tools/json-schemas.ts';
import { growDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();
const PAGES = join(import.meta.dirname, '../../docs/reference');
const textOf = (name: string) => readFileSync(join(PAGES, name), 'utf8');

/** What a list of points, backups, findings of a site has in every command. */
const PLACE = { site: 'backup', storage: 'Data', kind: 'backup' };

describe('--json', () => {
  it('is there for the commands that have a schema, and for no other', async () => {
    const { commands } = describeCommand(await buildProgram());
    const having = commands.filter(({ options }) => options.some(({ long }) => long === '--json'));
    expect(having.map(({ name }) => name).sort()).toEqual([...COMMANDS_WITH_JSON].sort());
  });

  it('has schemas and a page that are made of what the code says', () => {
    const schemas = jsonSchemas();
    const names = readdirSync(join(PAGES, 'json')).filter((name) => name.endsWith('.schema.json'));
    expect(names).toEqual([...schemas.keys()].sort());
    for (const [name, schema] of schemas)
      expect([name, JSON.parse(textOf(`json/${name}`))]).toEqual([name, schema]);
    const examples = COMMANDS_WITH_JSON.map(
      (command) => [command, textOf(`json/${command}.example.json`)] as const,
    );
    for (const [command, example] of examples) {
      const { issues } = v.safeParse(schemaOf(command), JSON.parse(example));
      expect([command, issues]).toEqual([command, undefined]);
    }
    expect(textOf('json.md')).toBe(formatJsonPage(new Map(examples)));
  });

  it('says what was done to a site and its blobs, by the same names', async () => {
    const site = await newSite(scratch, 12);
    const run = async (...words: readonly string[]) =>
      documentOf(await site.run([...words, '--json']));
    const [planned] = (await run('backup', '--dry-run')).plans;
    expect(planned).toMatchObject({
      ...PLACE,
      type: 'full',
      blobs: { source: expect.any(String) },
    });
    const [made] = (await run('backup')).backups;
    const { stamp, time, sizeBytes, storedBytes, dataFsBytes, transactions } = made;
    expect(made).toMatchObject({
      ...PLACE,
      ...{ type: 'full', blobs: { state: 'made', newFiles: made.blobs.files } },
      kept: { restorePoints: 1, storedBytes },
    });
    const point = { ...PLACE, stamp, time };
    const { name, files } = made.blobs;
    const found = { state: 'found', name, files, match: 'exact' };
    expect((await run('list')).points).toMatchObject([
      { ...point, type: 'full', sizeBytes, dataFsBytes, transactions, blobs: found },
    ]);
    expect((await run('show')).points).toMatchObject([{ ...point, dataFsBytes, blobs: found }]);
    expect((await run('verify')).files).toMatchObject([
      { ...PLACE, fileName: made.fileName, result: 'good' },
      { ...PLACE, fileName: name, result: 'good' },
    ]);
    expect((await run('verify', '--deep')).points).toMatchObject([{ ...point, problems: 0 }]);
    expect((await run('test-restore')).restores).toMatchObject([
      { site: 'backup', points: [point] },
    ]);
    await growDatabase(site.dataFs, { transactions: 2 });
    const [next] = (await run('backup')).backups;
    expect(next).toMatchObject({
      ...PLACE,
      ...{ type: 'increment', blobs: { files, newFiles: 0 } },
      kept: { restorePoints: 2, storedBytes: storedBytes + next.storedBytes },
    });
    expect((await run('diff', stamp)).differences).toMatchObject([
      { ...PLACE, from: { stamp, time, dataFsBytes }, transactions: 2 },
    ]);
    expect((await run('log')).transactions[0]).toMatchObject({
      ...PLACE,
      user: expect.any(String),
    });
    expect((await run('history')).runs.at(-1)).toMatchObject({
      ...{ site: 'backup', kind: 'backup', verb: 'backup', result: 'done' },
      made: [{ storage: 'Data', stamp }],
    });
    expect((await run('check')).findings).toContainEqual(
      expect.objectContaining({ site: 'backup', code: 'backup-age', state: 'ok' }),
    );
    for (const words of [['config'], ['schedule'], ['init', '--dry-run'], ['explain'], ['report']])
      expect([words, (await run(...words)).errors]).toEqual([words, []]);
    expect((await run('adopt', 'var')).repositories).toMatchObject([
      { path: site.repository, oldest: stamp, problems: [] },
    ]);
  });

  it('says of a restore what was put where, of what people declined, and of its undo', async () => {
    const site = await newSite(scratch, 12);
    await site.runWell('backup');
    const run = async (words: readonly string[], input = '') =>
      documentOf(await site.run([...words, '--json'], { input }));
    const target = { site: 'backup', storage: 'Data' };
    const dataFs = { ...target, target: site.dataFs };
    const blobs = { ...target, target: join(site.folder, 'var/blobstorage') };
    const planned = await run(['restore', '--dry-run']);
    expect(planned).toMatchObject({ outcome: 'planned', filestorages: [dataFs], blobs: [blobs] });
    expect(await run(['restore'], 'no\n')).toMatchObject({ outcome: 'declined', filestorages: [] });
    const done = await run(['restore'], 'yes\n');
    expect(done).toMatchObject({ outcome: 'done', filestorages: [dataFs], blobs: [blobs] });
    const undo = { paths: expect.arrayContaining([site.dataFs, blobs.target]), removed: [] };
    for (const [outcome, words] of [
      ['planned', ['--dry-run']],
      ['done', ['-n']],
    ] as const) {
      const document = await run(['restore', '--undo', ...words]);
      expect(document).toMatchObject({ action: 'undo', outcome, undo });
    }
    for (const outcome of ['planned', 'done']) {
      const words = outcome === 'planned' ? '--dry-run' : '-n';
      const document = await run(['restore', '--discard-old', words]);
      expect(document).toMatchObject({ action: 'discard-old', outcome });
      expect(document.discarded.length).toBeGreaterThan(0);
    }
  });

  it('says what a deletion removes, and what it would', async () => {
    const site = await newSite(scratch, 3);
    const { backups } = documentOf(await site.runWell('backup', '--json'));
    await site.runWell('backup', '--full');
    const [{ stamp, time, fileName }] = backups;
    const gone = { ...PLACE, stamp, time, what: 'restore-point', folder: site.repository };
    const words = ['delete', stamp, '--json'] as const;
    for (const outcome of ['planned', 'declined', 'done'] as const) {
      const more = { planned: ['--dry-run'], declined: [], done: ['-n'] }[outcome];
      const document = documentOf(await site.run([...words, ...more], { input: 'no\n' }));
      expect(document).toMatchObject({ outcome, deletions: [gone] });
      const removed = document.removed.flatMap((one: { fileNames: string[] }) => one.fileNames);
      expect(removed.includes(fileName)).toBe(outcome === 'done');
    }
  });

  it('has warnings with codes and values, and errors with codes and hints', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup');
    writeFileSync(site.dataFs, '');
    const warned = documentOf(await site.run(['backup', '--json']));
    expect(warned).toMatchObject({ status: 3, errors: [] });
    expect(warned.warnings).toContainEqual({
      ...{ site: 'backup', level: 'warning', code: 'source-empty' },
      message: expect.any(String),
      values: { source: site.dataFs },
    });
    rmSync(site.repository, { recursive: true });
    const failed = documentOf(await site.run(['list', '--json']));
    expect(failed).toMatchObject({ status: 1, points: [], errors: [{ code: 'not-found' }] });
    const wrong = documentOf(await site.run(['list', '--json', '--nonsense']));
    expect(wrong).not.toHaveProperty('points');
    expect(wrong).toMatchObject({ status: 2, errors: [{ code: 'usage' }] });
  });
});
