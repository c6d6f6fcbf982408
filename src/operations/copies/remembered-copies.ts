import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { CopySettings } from '../../config/model/copy-settings.ts';
import type { Site } from '../../config/model/site.ts';
import { PLACE_KINDS } from '../../copies/layout/place.ts';
import {
  type CopyState,
  noteCopyState,
  readCopyStates,
} from '../../repository/records/copy-states.ts';
import type { Store } from '../../stores/store.ts';
import type { Failure } from '../../system/failure.ts';
import { isThere } from '../../system/files/presence.ts';

/** A copy of a site, and how the runs ended that made it; undefined: none has been made from here. */
export interface RememberedCopy {
  readonly copy: CopySettings;
  readonly state: CopyState | undefined;
}

/** What is remembered of the copies of a site, without asking any of them. */
export async function rememberedCopies(
  site: Site,
  backups: OpenBackups,
): Promise<readonly RememberedCopy[]> {
  const { copies = [] } = site;
  if (copies.length === 0) return [];
  const store = await memoryOf(site, backups);
  const states = store === undefined ? [] : await readCopyStates(store);
  return copies.map((copy) => ({ copy, state: states.find(({ url }) => url === copy.url) }));
}

/** Whether something was brought to a copy, or was about to be. */
export function isKnown(state: CopyState | undefined): boolean {
  return state?.completeAt !== undefined || state?.points !== undefined;
}

/** How a run ended for a copy, or a first one begins: it has so many restore points now, or isn't complete. */
export type CopyEnd =
  | { readonly kind: 'begun' }
  | { readonly kind: 'complete'; readonly points: number }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly brought: number };

/** Remembers how a run ended. */
export async function rememberCopy(
  { site, copy, at }: { readonly site: Site; readonly copy: CopySettings; readonly at: Date },
  { end, backups }: { readonly end: CopyEnd; readonly backups: OpenBackups },
): Promise<void> {
  const store = await memoryOf(site, backups);
  if (store === undefined) return;
  const triedAt = at.toISOString();
  const before = (await readCopyStates(store)).find(({ url }) => url === copy.url);
  if (end.kind === 'complete') {
    const { points } = end;
    const state = { url: copy.url, triedAt, completeAt: triedAt, site: copy.site, points };
    return await noteCopyState(store, state);
  }
  if (end.kind === 'begun') {
    const failure = before?.failure;
    const state = { url: copy.url, triedAt, site: copy.site, points: 0 };
    return await noteCopyState(store, { ...state, ...(failure && { failure }) });
  }
  const since = before?.failure?.since ?? triedAt;
  const { code, message } = end.failure;
  const known = before?.site === copy.site ? (before.points ?? 0) : 0;
  const points = known + end.brought;
  await noteCopyState(store, {
    ...{ ...before, url: copy.url, triedAt },
    ...(end.brought > 0 && { site: copy.site, points }),
    failure: { since, code, message },
  });
}

/** The first folder of the main storage that is there. */
async function memoryOf(
  { storages, contents }: Site,
  backups: OpenBackups,
): Promise<Store | undefined> {
  const main = storages.at(-1);
  for (const kind of PLACE_KINDS) {
    const folders = main?.folders[kind];
    const path = contents === 'blobs' ? folders?.blobs : folders?.filestorage;
    if (path !== undefined && (await isThere(path))) return (await backups.repository(path)).store;
  }
  return undefined;
}
