import * as v from 'valibot';
import { readJsonRecord, writeJsonRecord } from '../../stores/json-record.ts';
import type { Store } from '../../stores/store.ts';

/** A file in the repository; no pattern of repozo matches it. */
const FILE = '.zodbvault.copies.json';

const Moment = v.pipe(v.string(), v.isoTimestamp());

const CopyStateSchema = v.object({
  /** The place, as the configuration has it. */
  url: v.string(),
  /** When a run last ended that tried to copy, or the first one began. */
  triedAt: Moment,
  /** When one last ended that found the copy complete, or made it so; absent: none has. */
  completeAt: v.optional(Moment),
  /** Name of the site there, and how many restore points it has, 0 from the beginning of the first run; absent: none, or an earlier version noted it. */
  site: v.optional(v.string()),
  points: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  /** Why the last one failed; absent: it didn't. */
  failure: v.optional(
    v.object({
      /** When the first one failed since it was complete. */
      since: Moment,
      code: v.string(),
      message: v.string(),
    }),
  ),
});

export const CopyStatesSchema = v.object({
  format: v.literal(1),
  copies: v.array(CopyStateSchema),
});

/** How the runs ended that copied the backups of a site to one place. */
export type CopyState = v.InferOutput<typeof CopyStateSchema>;

/** None where there is no such file, or one that can't be read: then nothing is known of any copy. */
export async function readCopyStates(store: Store): Promise<readonly CopyState[]> {
  const record = await readJsonRecord(store, FILE, CopyStatesSchema);
  return record.kind === 'read' ? record.value.copies : [];
}

/** Puts the state of a copy in the place of the one before. */
export async function noteCopyState(store: Store, state: CopyState): Promise<void> {
  const others = (await readCopyStates(store)).filter(({ url }) => url !== state.url);
  await writeJsonRecord(store, FILE, { format: 1, copies: [...others, state] });
}
