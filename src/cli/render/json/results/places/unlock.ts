import * as v from 'valibot';
import type { HeldCopyLock } from '../../../../../operations/places/copy-locks.ts';
import { Count, Label, Moment, maybe, Outcome, type Result, said } from '../../values.ts';

const LockSchema = v.strictObject({
  site: Label.site,
  command: maybe('what the run does; absent if the lock cannot be read', v.string()),
  pid: v.optional(Count),
  host: v.optional(v.string()),
  since: maybe('by the clock of the place', Moment),
  expires: maybe('absent where a lock does not run out', Moment),
  process: said(
    'whether that process runs; `unknown`: it is on another machine',
    v.picklist(['runs', 'ended', 'unknown']),
  ),
  outcome: Outcome,
});

export const unlockResult = {
  place: said('a path, or a URL without anything secret', v.string()),
  locks: said('those that were held', v.array(LockSchema)),
};
export type UnlockResult = Result<typeof unlockResult>;

export function lockAsJson(
  { site, holder, process }: HeldCopyLock,
  outcome: 'done' | 'declined',
): v.InferOutput<typeof LockSchema> {
  if (holder === undefined) return { site, process, outcome };
  const { command, since, expires } = holder;
  const { pid, host } = holder.process;
  return { site, command, pid, host, since, expires, process, outcome };
}
