import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { archiveMembers } from '../support/archives.ts';
import { buildoutSiteIn, recipeCfg } from '../support/buildout-site.ts';
import { documentOf } from '../support/document.ts';
import { blobContents } from '../support/history.ts';
import { lineReader } from '../support/line-reader.ts';
import { killGroup } from '../support/process.ts';
import { describeReal, openDatabase, programOf } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { siteIn } from '../support/site.ts';
import { startZeoServer, type ZeoServer } from '../support/zeo-server.ts';

const scratch = scratchFolder();

const WAYS = {
  rsync: [],
  copies: ['use_rsync = false'],
  archives: ['archive_blob = true'],
  'a chain of archives': ['archive_blob = true', 'incremental_blobs = true'],
} as const;
const KINDS = ['backup', 'snapshot'] as const;

describeReal('zodb', 'ZEO client that stores blobs', () => {
  it.each(Object.entries(WAYS))(
    'makes no backup fail; killed meanwhile, it leaves nothing in one, with %s',
    async (way, lines) => {
      const site = siteIn(join(scratch, way));
      const cfg = recipeCfg(['blob_storage = var/blobstorage', ...lines]);
      buildoutSiteIn(site.folder).configure(cfg);
      const server = await startZeoServer(site, 'zodb');
      const killed = await startClient(server, 'in-between');
      // A server that lives takes away what the client has told it of.
      await server.killAndStart();
      await killed.kill();
      const left = unfinishedIn(server.blobs);
      expect(left.map((name) => name.replace(/.*\./, '.')).sort()).toEqual([
        '.tmp',
        '.tmp-',
        '.tmp-',
      ]);

      const client = await startClient(server, 'at-speed');
      let seen = 0;
      for (const kind of KINDS) {
        await site.runWell('backup', '--kind', kind);
        seen += unfinishedIn(server.blobs).length - left.length;
      }
      const stored = await client.end();
      const live = blobContents(server.blobs);
      for (const kind of KINDS) {
        const where = ['--kind', kind] as const;
        await site.runWell('backup', ...where);
        await site.runWell('verify', ...where);
        const newest = documentOf(await site.runWell('list', '--json', ...where)).points.at(-1);
        expect(newest.blobs.files).toBe(Object.keys(live).length);
        const to = join(site.folder, `restored-${kind}`);
        const blobs = join(to, 'blobstorage');
        await site.runWell('restore', '-n', '--to', to, ...where);
        expect(blobContents(blobs)).toEqual(live);
        expect(openDatabase(join(to, 'filestorage/Data.fs'), { blobs }).problems).toEqual([]);
      }
      await server.stop();
      const everywhere = unfinishedIn(site.folder);
      expect(everywhere.every((path) => path.startsWith('var/blobstorage/'))).toBe(true);
      console.info(
        `ZEO clients, ${way}: ${stored} blobs stored beside ${KINDS.length} backups, ${seen} uncommitted ones seen; ` +
          `${left.length} that a killed client left in none of ${2 * KINDS.length}`,
      );
    },
  );
});

/** Starts it in a process group of its own; resolves when it stores: `test/real/programs/zeo_storing_client.py`. */
async function startClient({ socket, blobs }: ZeoServer, how: 'in-between' | 'at-speed') {
  const program = join(import.meta.dirname, 'programs/zeo_storing_client.py');
  const child = spawn(programOf('zodb', 'python'), [program, socket, blobs, how], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const next = lineReader(child);
  expect(await next()).toBe('storing');
  return {
    kill: () => killGroup(child),
    /** How many blobs it has committed. */
    end: async () => {
      child.stdin.end();
      return Number(await next());
    },
  };
}

/** Paths of uncommitted blobs, in a folder and in the archives there. */
function unfinishedIn(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const archives = files.filter((name) => /\.tar(\.gz)?$/.test(name));
  const members = archives.flatMap((name) => archiveMembers(join(folder, name)));
  return [...files, ...members].filter((name) => /(^|\/)0x[^/]*\.tmp-?$/.test(name));
}
