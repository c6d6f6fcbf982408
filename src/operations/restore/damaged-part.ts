import { isFailure } from '../../system/failure.ts';
import type { DamagedPart, JobContext } from '../run/events.ts';
import type { SiteRestorePlan } from './site-restore-plan.ts';

/** Makes a part of a restore; where what is stored of it is damaged, an event tells which part that is. */
export async function restoringPart<T>(
  { storage, part }: { readonly storage: string; readonly part: DamagedPart['part'] },
  {
    plan: { filestorages },
    context,
    work,
  }: {
    readonly plan: SiteRestorePlan;
    readonly context: JobContext;
    readonly work: () => Promise<T>;
  },
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const found = filestorages.find((one) => one.storage === storage)?.plan;
    if (found !== undefined && isFailure(error, 'damaged')) {
      const { repository, point } = found;
      const { stamp } = point;
      context.onEvent({ kind: 'part-damaged', repository, stamp, part, state: error.message });
    }
    throw error;
  }
}
