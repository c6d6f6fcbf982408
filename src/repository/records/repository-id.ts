import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { readJsonRecord, writeJsonRecord } from '../../stores/json-record.ts';
import type { Store } from '../../stores/store.ts';
import type { Stamp } from '../layout/stamp.ts';

/** A file in the repository; no pattern of repozo matches it. */
const FILE = '.zodbvault.id.json';

export const IdentitySchema = v.object({
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

/** What a repository can be recognised by. */
export interface Traces {
  /** Blob backups, newest first. */
  readonly known: readonly Belonging[];
  /** Of the repository's data files. */
  readonly stamps: ReadonlySet<Stamp>;
  /** The oldest of its full backups. */
  readonly oldestFull: Stamp;
}

/** The identity that it has, or that {@link ensureIdentity} would give it. */
export async function findIdentity(
  store: Store,
  { known, stamps, oldestFull }: Traces,
): Promise<{ readonly identity: Identity; readonly isWritten: boolean }> {
  const written = await readIdentity(store);
  if (written !== undefined) return { identity: written, isWritten: true };
  const recognised = known.find(({ stamp }) => stamps.has(stamp))?.repository;
  return { identity: { id: recognised ?? randomUUID(), since: oldestFull }, isWritten: false };
}

/**
 * The identity of a repository that holds a full backup; it is made where there is none. One whose
 * file was lost is recognised by the blob backups that were made together with its data files.
 */
export async function ensureIdentity(store: Store, traces: Traces): Promise<Identity> {
  const { identity, isWritten } = await findIdentity(store, traces);
  if (isWritten) return identity;
  await writeJsonRecord(store, FILE, identity);
  return identity;
}

/** Undefined where it has none, or one that can't be read. */
export async function readIdentity(store: Store): Promise<Identity | undefined> {
  const record = await readJsonRecord(store, FILE, IdentitySchema);
  return record.kind === 'read' ? record.value : undefined;
}
