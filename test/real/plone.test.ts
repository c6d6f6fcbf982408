import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { COMMAND } from '../support/command.ts';
import { lineReader } from '../support/line-reader.ts';
import { runPlone } from '../support/plone-instance.ts';
import { killRun } from '../support/process.ts';
import { describeReal, openDatabase, programOf } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { siteIn } from '../support/site.ts';
import { startZeoServer } from '../support/zeo-server.ts';

const scratch = scratchFolder();

/** What a visitor finds: see `test/real/programs/plone_site.py`. */
interface Look {
  readonly catalog: Readonly<Record<string, readonly string[]>>;
  readonly pages: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

describeReal('plone', 'Plone site over ZEO', () => {
  it('is the same after it was backed up while it was edited, destroyed and restored', async () => {
    const site = siteIn(join(scratch, 'site'));
    const instance = join(scratch, 'instance');
    await runPlone('mkwsgiinstance', '-d', instance, '-u', 'admin:admin');
    const server = await startZeoServer(site, 'plone');
    const { socket, blobs } = server;
    const words = (command: string, storage: string, blobFolder: string) =>
      [PROGRAM, command, instance, storage, blobFolder] as const;
    const look = async (storage: string, blobFolder: string) => {
      const seen = JSON.parse(
        await runPlone('python', ...words('look', storage, blobFolder)),
      ) as Look;
      expect(seen.problems).toEqual([]);
      return seen;
    };
    await runPlone('python', ...words('make', socket, blobs));

    const editor = spawn(programOf('plone', 'python'), words('edit', socket, blobs), {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    onTestFinished(() => void editor.kill('SIGKILL'));
    const next = lineReader(editor);
    expect(await next()).toBe('editing');
    await site.runWell('backup');
    await site.runWell('backup');
    await killRun([process.execPath, COMMAND, 'backup'], { cwd: site.folder, afterMs: 900 });
    await site.runWell('backup', '--full');
    await site.runWell('backup');
    const whileEdited = site.dataFiles().map((name) => name.slice(0, 19));
    editor.stdin.end();
    const edits = Number(await next());
    const live = await look(socket, blobs);
    await server.stop();
    await site.runWell('backup');

    // A moment while it was edited: what is restored must look as the live Data.fs did up to there.
    const moment = whileEdited.at(-1) ?? '';
    const aside = join(scratch, 'aside');
    await site.runWell('restore', '-n', '--to', aside, moment);
    const restored = join(aside, 'filestorage/Data.fs');
    const { size } = statSync(restored);
    const past = join(scratch, 'past');
    mkdirSync(past);
    copyFileSync(site.dataFs, join(past, 'Data.fs'));
    truncateSync(join(past, 'Data.fs'), size);
    const then = await look(join(past, 'Data.fs'), blobs);
    expect(await look(restored, join(aside, 'blobstorage'))).toEqual(then);
    expect(then).not.toEqual(live);

    rmSync(join(site.folder, 'var/filestorage'), { recursive: true });
    rmSync(blobs, { recursive: true });
    await site.runWell('restore', '-n');
    const opened = openDatabase(site.dataFs, { blobs, environment: 'plone' });
    expect(opened.problems).toEqual([]);
    const again = await startZeoServer(site, 'plone');
    expect(await look(again.socket, blobs)).toEqual(live);
    await again.stop();

    console.info(
      `Plone: ${edits} edits beside ${whileEdited.length} backups; ${opened.objects} objects and ` +
        `${opened.blobs} blobs loaded, ${Object.keys(live.catalog).length} entries of the catalog, ` +
        `${Object.keys(live.pages).length} pages and ${Object.keys(live.files).length} files the same`,
    );
  });
});

const PROGRAM = join(import.meta.dirname, 'programs/plone_site.py');
