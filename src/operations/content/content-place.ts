import type { Site } from '../../config/model/site.ts';
import type { State } from '../../states/state.ts';
import { Failure } from '../../system/failure.ts';
import type { JobContext } from '../run/events.ts';
import { openStates, type WantedMoment } from '../run/open-state.ts';

/** Where to look for objects: a storage of a site, at a moment. */
export interface ContentPlace {
  readonly site: Site;
  /** Undefined: the main one. */
  readonly storage: string | undefined;
  readonly moment: WantedMoment;
  readonly context: JobContext;
}

/** An opened {@link ContentPlace}. */
export interface OpenedContent extends AsyncDisposable {
  readonly state: State;
}

/** Failures: those of {@link openStates}. */
export async function openContent({
  site,
  storage = site.storages.at(-1)?.name,
  moment,
  context,
}: ContentPlace): Promise<OpenedContent> {
  const opened = await openStates(site, { storage, moment, isChecked: false, context });
  const [first] = opened.all;
  if (first !== undefined) {
    return { state: first.state, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  }
  throw new Failure('usage', `Cannot open "${site.part}": it has no Data.fs`, {
    hint: 'Open a site of which the Data.fs is backed up.',
  });
}
