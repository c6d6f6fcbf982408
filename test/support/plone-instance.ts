import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runProgram } from './command.ts';
import { programOf } from './real-parts.ts';
import { siteIn, type TestSite } from './site.ts';
import type { ZeoServer } from './zeo-server.ts';

/** A site with a Plone in an instance, which `mkwsgiinstance` has made. */
export interface PloneSite extends TestSite {
  /** Folder of the instance; its user "admin" has the password "admin". */
  readonly instance: string;
  readonly blobs: string;
  /** Runs a program of `test/real/programs/` on its Data.fs and blobs: its command, and what comes behind them. */
  readonly runPlone: (
    program: string,
    command: string,
    ...words: readonly string[]
  ) => Promise<string>;
}

/** Makes it; its database is empty. @param server - who has it open; undefined: the instance opens it itself */
export async function ploneSiteIn(folder: string, server?: ZeoServer): Promise<PloneSite> {
  const site = siteIn(folder);
  const instance = join(folder, 'instance');
  const blobs = join(folder, 'var/blobstorage');
  mkdirSync(dirname(site.dataFs), { recursive: true });
  await runPlone('mkwsgiinstance', '-d', instance, '-u', 'admin:admin');
  // zodbvault goes by it.
  const storage =
    server === undefined
      ? `<filestorage>\n    path ${site.dataFs}\n    blob-dir ${blobs}\n  </filestorage>`
      : `<zeoclient>\n    server ${server.socket}\n    blob-dir ${blobs}\n    shared-blob-dir on\n  </zeoclient>`;
  writeFileSync(join(instance, 'etc/zope.conf'), confOf({ instance, storage }));
  return {
    ...site,
    instance,
    blobs,
    runPlone: (program, command, ...words) => {
      const path = join(import.meta.dirname, '../real/programs', program);
      return runPlone('python', path, command, instance, site.dataFs, blobs, ...words);
    },
  };
}

/** With a place where it may write, and a clock that makes it work by itself. */
function confOf({ instance, storage }: Readonly<Record<'instance' | 'storage', string>>): string {
  return `%define INSTANCE ${instance}
instancehome $INSTANCE
<environment>
  CHAMELEON_CACHE $INSTANCE/var/cache
</environment>
<clock-server>
  method /Plone/tick
  period 60
</clock-server>
<zodb_db main>
  mount-point /
  ${storage}
</zodb_db>
`;
}

/** Runs a program of Plone's environment and gives what it prints; an error if it fails. */
export async function runPlone(program: string, ...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runProgram(programOf('plone', program), words);
  if (status === 0) return stdout;
  throw new Error(`${program} ${words.join(' ')} ended with ${status}: ${stderr}`);
}
