import { isPingAddress, maskAddress } from '../../system/processes/ping.ts';
import type { SettingsAdvice } from '../model/settings-advice.ts';
import type { Site } from '../model/site.ts';
import { resolveFolders } from './backup-folders.ts';
import { resolveBlobCopier, resolveBlobFormat } from './blob-modes.ts';
import {
  resolveAdditional,
  resolveDataFs,
  resolveMainBlobs,
  resolveWantsBlobs,
  servedElsewhere,
} from './live-storages.ts';
import type { ResolvedOption } from './option-reader.ts';
import type { Resolution } from './resolution.ts';
import { resolveCopies } from './resolve-copies.ts';
import { refuseRulesForBlobs, resolveKeeping } from './resolve-keeping.ts';
import type { ScriptName } from './script-names.ts';

/** A site, resolved, and how each of its settings came out. */
export interface ResolvedSite {
  readonly site: Site;
  readonly resolved: readonly ResolvedOption[];
  readonly warnings: readonly SettingsAdvice[];
  /** Where relative paths begin in the file that says where its data is; absent where it has none. */
  readonly relativePaths?: string | undefined;
}

/** How backups are made, wherever the data is. */
type SiteRules = Omit<
  Site,
  'part' | 'buildout' | 'config' | 'storages' | 'contents' | 'servedElsewhere'
>;

/** Resolves all of a site; problems are collected. */
export function resolveSite(
  resolution: Resolution,
  file: Pick<Site, 'buildout' | 'config'>,
): { readonly site: Site; readonly scripts: readonly ScriptName[] } {
  const { part, flag } = resolution;
  const dataFs = resolveDataFs(resolution);
  const onlyBlobs = flag('only_blobs', false);
  const mainBlobs = resolveMainBlobs(resolution);
  const wantsBlobs = resolveWantsBlobs(resolution, mainBlobs);
  const wantsZip = flag('enable_zipbackup', false);
  refuseContradictions(resolution, { onlyBlobs, wantsBlobs, wantsZip, mainBlobs });
  const contents = onlyBlobs ? 'blobs' : wantsBlobs ? 'both' : 'filestorages';
  if (contents === 'blobs') refuseRulesForBlobs(resolution);
  const served = contents === 'blobs' ? undefined : servedElsewhere(resolution);
  if (served !== undefined) {
    resolution.warnings.push({
      kind: 'advice',
      code: 'data-fs-of-client',
      part,
      dataFs,
      ...served,
    });
  }
  const main = { name: 'Data', dataFs, blobs: wantsBlobs ? mainBlobs : undefined };
  const storages = resolveFolders(resolution, [
    ...resolveAdditional(resolution, { main, contents }),
    main,
  ]);
  const scripts: readonly (ScriptName | false)[] = [
    'backup',
    flag('enable_fullbackup', false) && 'fullbackup',
    wantsZip && 'zipbackup',
    'snapshotbackup',
    'restore',
    wantsZip && 'ziprestore',
    flag('enable_snapshotrestore', true) && 'snapshotrestore',
    storages.some(({ folders }) => folders.alternative !== undefined) && 'altrestore',
  ];
  return {
    scripts: scripts.filter((name) => name !== false),
    site: {
      ...{ part, ...file, storages: [...storages], contents, ...resolveRules(resolution, file) },
      ...(served && { servedElsewhere: served }),
    },
  };
}

/** Resolves what doesn't depend on where the data is. */
function resolveRules(resolution: Resolution, file: Pick<Site, 'buildout'>): SiteRules {
  const { options, is23, flag, defaults } = resolution;
  return {
    rules: is23 ? '2.3' : '6.0',
    full: flag('full', false) ? 'always' : 'when-needed',
    fullEvery: options.span('full_every'),
    comparison: flag('quick', true) ? 'quick' : 'thorough',
    gzip: flag('gzip', true),
    verifyAfterBackup: resolveVerification(resolution),
    blobFormat: resolveBlobFormat(resolution),
    blobCopier: resolveBlobCopier(resolution),
    ...resolveKeeping(resolution),
    keepBlobDays: options.count('keep_blob_days', defaults.keepBlobDays),
    preCommand: options.text('pre_command'),
    postCommand: options.text('post_command'),
    pingUrl: resolvePingUrl(resolution),
    copies: resolveCopies(resolution, file),
    isDebug: flag('debug', false),
  };
}

function resolveVerification({ options, problems }: Resolution): Site['verifyAfterBackup'] {
  const text = options.text('verify_after_backup', { byDefault: 'quick' });
  if (text === 'off' || text === 'quick' || text === 'deep') return text;
  problems.add(
    `verify_after_backup = ${text}: it can be off, quick (the default) or deep`,
    options.written('verify_after_backup')?.origin,
  );
  return 'quick';
}

/** The address is a secret: whoever looks at the settings sees its host alone. */
function resolvePingUrl({ options, problems }: Resolution): string | undefined {
  const text = options.text('ping_url');
  if (text === '') return undefined;
  const from = options.resolved.find(({ name }) => name === 'ping_url')?.from ?? '';
  options.resolve('ping_url', maskAddress(text), from);
  if (isPingAddress(text)) return text;
  problems.add('ping_url: it is no address of http or https', options.written('ping_url')?.origin);
  return undefined;
}

function refuseContradictions(
  { part, live, options, problems, is23 }: Resolution,
  said: {
    readonly onlyBlobs: boolean;
    readonly wantsBlobs: boolean;
    readonly wantsZip: boolean;
    readonly mainBlobs: string | undefined;
  },
): void {
  const origin = options.written('backup_blobs')?.origin;
  if (said.onlyBlobs && !said.wantsBlobs) {
    problems.add('Cannot have backup_blobs false and only_blobs true.', origin);
  }
  if (said.wantsZip && !said.wantsBlobs) {
    problems.add(
      'Cannot have backup_blobs false and enable_zipbackup true. zipbackup is useless without blobs.',
      options.written('enable_zipbackup')?.origin,
    );
  }
  const isUnknown = !options.isUnreadable('blob_storage') && !options.isUnreadable('blob-storage');
  if (said.wantsBlobs && said.mainBlobs === undefined && isUnknown) {
    problems.add(
      is23
        ? 'backup_blobs is true, but no blob_storage could be found.'
        : `No blob_storage found. You must specify one. To ignore this, set 'backup_blobs = false' in the [${part}] section.`,
      origin,
    );
    for (const { path, reason, origin: written } of live.blobCaches) {
      problems.add(`"${path}" is only a cache: ${reason}`, written);
    }
  }
}
