import { resolve } from 'node:path';
import { OpenBackups } from './blobs/open-backups.ts';
import { retarget } from './config/model/relocate-site.ts';
import type { Site } from './config/model/site.ts';
import type { WantedOfCopy } from './operations/from-copy/open-copied-site.ts';
import { openCopyAt } from './operations/from-copy/open-copy.ts';
import { listSite } from './operations/list/list-site.ts';
import { restoreSite } from './operations/restore/restore-site.ts';
import { refuseElsewhere } from './operations/restore/restore-targets.ts';
import type { JobContext } from './operations/run/events.ts';
import { verifySite } from './operations/verify/verify-site.ts';
import { type DeepVerifiedPlace, verifySiteDeep } from './operations/verify/verify-site-deep.ts';
import { LATEST_BACKUP, parseRestoreTarget } from './repository/restore-target.ts';
import type { OpenSite, RestoreOptions, SiteOptions } from './site-library.ts';

/** How a copy is read. */
export interface CopyOptions extends Pick<SiteOptions, 'onEvent' | 'signal' | 'now'> {
  /** Name of the site in the copy; default: the only one. */
  readonly site?: string;
  /** Secret keys of age, for a copy that is encrypted; default: none. */
  readonly identities?: readonly string[];
}

/**
 * A copy of a site, of which nothing else has to be there. Each call opens the place anew. Failures of all: those of the
 * place; `not-found` where there is no copy; `usage` where there are several and none is named, or a key is missing;
 * `damaged` where the record of a restore point that is asked for can't be read. Of the others, `list` and `restore` tell
 * by the warning `copied-point-unusable`, and `verify` fails: not all is intact.
 */
export interface OpenCopy extends Pick<OpenSite, 'list' | 'verify' | 'verifyDeep'> {
  /** Makes the Data.fs and its blobs in a folder. One result for each Data.fs. Failures: those of a site's. */
  readonly restore: (
    options: RestoreOptions & { readonly to: string },
  ) => ReturnType<OpenSite['restore']>;
}

/**
 * Names a copy in a place: a path, `s3://bucket/prefix` or `sftp://user@host/path`. How a place is reached says the
 * environment, as for the programs of S3 and SSH.
 */
export function openCopy(place: string, options: CopyOptions = {}): OpenCopy {
  const { onEvent = () => {}, signal = new AbortController().signal } = options;
  const { now = () => new Date(), site: name, identities } = options;
  const within = async <T>(
    { unusable: broken, ...wanted }: WantedOfCopy & { readonly unusable: 'tell' | 'refuse' },
    work: (site: Site, context: JobContext) => Promise<T>,
  ): Promise<T> => {
    await using backups = new OpenBackups();
    const {
      site,
      attached,
      unusable,
      aside: stamps,
    } = await openCopyAt(place, {
      ...{ name, wanted, beforeMs: undefined },
      identities: identities && (async () => identities),
    });
    backups.attach(attached);
    for (const { message: reason } of unusable) {
      onEvent({ kind: 'warning', code: 'copied-point-unusable', reason });
    }
    if (stamps.length > 0) onEvent({ kind: 'notice', code: 'copied-points-aside', stamps });
    const [first] = unusable;
    if (first !== undefined && broken === 'refuse') throw first;
    return await work(site, { onEvent, signal, backups });
  };
  const all = { kind: 'backup', target: 'all', chain: 'whole', unusable: 'tell' } as const;
  return {
    list: () => within(all, (site, { backups }) => listSite(site, { kind: 'backup', backups })),
    verify: () =>
      within({ ...all, hasEachBlob: true, unusable: 'refuse' }, (site, context) => {
        const every = { kind: 'backup', depth: 'thorough', chains: 'all' } as const;
        return verifySite({ site, ...every, now }, context);
      }),
    verifyDeep: () => {
      const newest = { kind: 'backup', target: LATEST_BACKUP, chain: 'whole' } as const;
      return within({ ...newest, unusable: 'refuse' }, async (site, context) => {
        const points = { kind: 'one', target: LATEST_BACKUP } as const;
        const settings = { kind: 'backup', points, sample: { kind: 'all' }, now } as const;
        const found: DeepVerifiedPlace[] = [];
        for await (const one of verifySiteDeep({ site, ...settings }, context)) found.push(one);
        return found;
      });
    },
    restore: ({ date, to }) => {
      const target = parseRestoreTarget(date);
      const wanted = { kind: 'backup', target, chain: 'last', unusable: 'tell' } as const;
      return within(wanted, async (site, context) => {
        const moved = retarget(site, resolve(to));
        await refuseElsewhere(moved, { live: site, beside: [] });
        const guess = date === undefined ? 'refuse' : 'accept';
        const safe = { heldLock: 'refuse', earlierState: 'replace', old: 'keep' } as const;
        const strict = { damagedBlobs: 'refuse', guess, agreed: undefined } as const;
        const what = { site: moved, kind: 'backup', wanted: target } as const;
        return await restoreSite({ ...what, ...safe, ...strict, now }, context);
      });
    },
  };
}
