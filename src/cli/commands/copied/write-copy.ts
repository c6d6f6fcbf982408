import { resolve } from 'node:path';
import {
  type WrittenPlace,
  writePlainSite,
} from '../../../operations/from-copy/plain/write-plain-site.ts';
import { Failure } from '../../../system/failure.ts';
import { formatBytes } from '../../format/units.ts';
import { shownOn } from '../../render/events.ts';
import { type CopyResult, writtenAsJson } from '../../render/json/results/copy.ts';
import type { CopySelection } from '../../select/copied-sites.ts';
import { findSites } from '../../select/site-options.ts';
import type { CommandContext } from '../../terminal/run-command.ts';

/** What `copy --to` was told. */
export interface WriteWords {
  readonly to?: string | undefined;
  readonly from?: string | undefined;
  readonly versionsBefore?: string | undefined;
  readonly verify?: true | undefined;
}

/**
 * Whether backups are to be written out of a copy. Failure `usage` for words that don't fit.
 *
 * @param named - the copy that others would be brought to
 */
export function writesOut<Words extends WriteWords>(
  words: Words,
  named: string | undefined,
): words is Words & { readonly from: string; readonly to: string } {
  const { to, from, versionsBefore, verify } = words;
  if (to === undefined) {
    const said =
      from !== undefined
        ? '--from'
        : versionsBefore !== undefined
          ? '--versions-before'
          : undefined;
    if (said === undefined) return false;
    throw new Failure('usage', `Cannot use ${said} here: it goes with --to`, {
      hint: 'Name the folder to which the backups of the copy are written with --to.',
    });
  }
  if (from === undefined) {
    throw new Failure('usage', 'Cannot use --to alone: no copy is named', {
      hint: 'Name the copy with --from. The backups that are here are plain files: copy their folders.',
    });
  }
  const other = verify ? '--verify' : named;
  if (other === undefined) return true;
  throw new Failure('usage', `Cannot use --to together with "${other}"`, {
    hint: 'Name the copy with --from, and nothing else. What --to writes is verified anyway.',
  });
}

/** Writes the backups of a copy to a folder, where repozo reads them, too. */
export async function writeCopy(
  selection: CopySelection & { readonly to: string },
  { context, result }: { readonly context: CommandContext; readonly result: CopyResult },
): Promise<number> {
  const { terminal, signal, backups } = context;
  const { from } = selection;
  const folder = resolve(selection.to);
  const sites = await findSites(selection, { terminal, purpose: 'look', backups, folder });
  const [site, ...others] = sites;
  if (site === undefined || others.length > 0) throw severalSites(from);
  const job = { ...shownOn(terminal), signal, backups };
  const now = () => new Date();
  const written = await writePlainSite({ site, folder, from, now }, job);
  result.written = written.map((one) => writtenAsJson(site.part, one));
  for (const one of written) terminal.log(describeWritten(one));
  return terminal.statusOfSuccess();
}

function describeWritten({ storage, kind, repository, blobs, bytes }: WrittenPlace): string {
  const folders = [repository ?? [], blobs ?? []].flat().join(' and ');
  return `Wrote ${storage}, ${kind}, to ${folders} (${formatBytes(bytes)} read); all of it is intact`;
}

function severalSites(from: string): Failure {
  return new Failure('usage', `Cannot write the backups of "${from}": several sites have a copy`, {
    hint: 'Name one with --part.',
  });
}
