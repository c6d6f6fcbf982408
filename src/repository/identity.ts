import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { Store } from '../stores/store.ts';
import { Failure } from '../system/failure.ts';
import { collectSmall } from '../system/stages.ts';
import type { Stamp } from './stamp.ts';

/** A file in the repository; no pattern of repozo matches it. */
const FILE = '.zodbvault.id.json';

const IdentitySchema = v.object({
  id: v.string(),
  /** Stamp of the oldest full backup that was there when the repository got its identity. */
  since: v.string(),
});

/**
 * What tells a repository from another that stood in the same place. Blob backups remember it, so
 * that none of them goes because a folder was exchanged or a disk wasn't mounted.
 */
export type Identity = v.InferOutput<typeof IdentitySchema>;

/** A blob backup that says to which repository it belongs. */
export interface Belonging {
  readonly stamp: Stamp;
  readonly repository: string;
}

/**
 * The identity of a repository that holds a full backup; it is made where there is none. One whose
 * file was lost is recognised by the blob backups that were made together with its data files.
 *
 * @param known - blob backups, newest first
 * @param stamps - of the repository's data files
 * @param oldestFull - the oldest of its full backups
 */
export async function settleIdentity(
  store: Store,
  {
    known,
    stamps,
    oldestFull,
  }: {
    readonly known: readonly Belonging[];
    readonly stamps: ReadonlySet<Stamp>;
    readonly oldestFull: Stamp;
  },
): Promise<Identity> {
  const written = await readIdentity(store);
  if (written !== undefined) return written;
  const recognised = known.find(({ stamp }) => stamps.has(stamp))?.repository;
  const identity = { id: recognised ?? randomUUID(), since: oldestFull };
  await using file = await store.stage(FILE, [Buffer.from(`${JSON.stringify(identity)}\n`)]);
  await file.publish();
  return identity;
}

async function readIdentity(store: Store): Promise<Identity | undefined> {
  try {
    return decodeIdentity((await collectSmall(store.read(FILE))).toString());
  } catch (error) {
    const isUnreadable =
      error instanceof Failure && ['not-found', 'usage', 'damaged'].includes(error.code);
    if (isUnreadable) return undefined;
    throw error;
  }
}

/** Undefined where the text is none of ours. */
export function decodeIdentity(text: string): Identity | undefined {
  try {
    return v.parse(IdentitySchema, JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof v.ValiError) return undefined;
    throw error;
  }
}
