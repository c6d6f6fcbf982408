import { unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { absent } from '../../../system/absent.ts';
import { Failure, withSystemErrors } from '../../../system/failure.ts';
import { syncDirectory, writeNewFile } from '../../../system/files/new-file.ts';
import { isOfRestore } from '../../../system/files/replacement.ts';
import { SHARED } from '../../../system/files/rights.ts';
import { readSmallFile } from '../../../system/files/small-file.ts';
import { parseJson } from '../../../system/parse-json.ts';

/** A path that only a restore makes up: what it names is moved, or removed. */
const OwnPath = v.pipe(v.string(), v.excludes('\0'), v.check(isOfRestore));

const ReplacementSchema = v.pipe(
  v.object({
    kind: v.picklist(['file', 'cache', 'directory', 'contents']),
    path: v.pipe(v.string(), v.startsWith('/'), v.excludes('\0')),
    staged: v.nullable(OwnPath),
    identity: v.nullable(v.pipe(v.string(), v.transform(withoutDevice))),
    kept: v.nullable(OwnPath),
  }),
  v.check(({ kind, staged, kept }) => kind !== 'contents' || (staged !== null && kept !== null)),
);

export const JournalSchema = v.object({
  format: v.literal(1),
  tool: v.string(),
  /** Where it lies beside; the paths of one that was copied with its site are those of the other site. */
  anchor: v.pipe(v.string(), v.startsWith('/'), v.excludes('\0')),
  at: v.string(),
  /** What was restored, in words. */
  restored: v.string(),
  /**
   * The real places of the Data.fs files that are put back, and their restore points; not for what undoes one. Of a
   * moment within a backup, the backup before, and the last transaction.
   */
  points: v.optional(
    v.array(v.object({ path: v.string(), stamp: v.string(), tid: v.optional(v.string()) })),
  ),
  /**
   * - `swapping`: everything is complete beside what it replaces; what follows are renames.
   * - `done`: what was replaced is kept.
   * - `discarding`: what was replaced is being removed.
   */
  state: v.picklist(['swapping', 'done', 'discarding']),
  /** In the order in which they are done. */
  steps: v.array(ReplacementSchema),
  /** What an earlier restore had kept: it goes when this one is done. */
  superseded: v.array(OwnPath),
});

/** Earlier versions put the number of the device in front. */
function withoutDevice(identity: string): string {
  return identity.slice(identity.indexOf(':') + 1);
}

/** What a restore replaces, and where it keeps what it replaced; a file beside the first of it. */
export type RestoreJournal = v.InferOutput<typeof JournalSchema>;

/** Where the journal of a restore is. @param anchor - the main Data.fs, or the blob directory */
export function journalPath(anchor: string): string {
  return join(dirname(anchor), `.${basename(anchor)}.zodbvault-restore.json`);
}

/** Undefined where there is none. Failure `damaged` for one that can't be read. */
export async function readJournal(anchor: string): Promise<RestoreJournal | undefined> {
  const path = journalPath(anchor);
  const text = await readSmallFile(path);
  return text === undefined ? undefined : decodeJournal(text, path);
}

/** Failure `damaged`, with the path in it. */
export function decodeJournal(text: string, path: string): RestoreJournal {
  const journal = parseJson(text, JournalSchema);
  if (journal !== undefined) return journal;
  throw new Failure('damaged', `Cannot read "${path}": it is no journal of a restore`, {
    hint: 'It says what a restore has replaced; look at the folder, then move it away.',
  });
}

/** Whether a restore was killed while it swapped. */
export async function isHalfRestored(anchor: string): Promise<boolean> {
  return (await readJournal(anchor))?.state === 'swapping';
}

/** Paths of what a restore replaced. */
export function keptBy({ steps, superseded }: RestoreJournal): string[] {
  return [...superseded, ...steps.flatMap(({ kept }) => kept ?? [])];
}

export async function writeJournal(anchor: string, journal: RestoreJournal): Promise<void> {
  const text = `${JSON.stringify(journal, undefined, 1)}\n`;
  await writeNewFile(journalPath(anchor), Buffer.from(text), { rights: SHARED });
}

export async function removeJournal(anchor: string): Promise<void> {
  const path = journalPath(anchor);
  await withSystemErrors(`remove "${path}"`, async () => {
    await unlink(path).catch(absent);
    await syncDirectory(dirname(path));
  });
}
