import { Option } from '@commander-js/extra-typings';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { CopySettings } from '../../config/model/copy-settings.ts';
import type { Site } from '../../config/model/site.ts';
import type { CopiedSite, CopyReading } from '../../operations/from-copy/open-copied-site.ts';
import { openCopyAt, openCopyOf } from '../../operations/from-copy/open-copy.ts';
import type { ReadAsOf } from '../../operations/from-copy/open-to-read.ts';
import { Failure } from '../../system/failure.ts';
import { DATE_FORMS, readEdge } from '../options/written-date.ts';
import { renderWarning } from '../render/warnings/sentence.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { SiteSelection } from './site-selection.ts';

/** Whose backups are meant. */
export const FROM_OPTION = new Option(
  '--from <copy>',
  'take the backups out of a copy: its name in the configuration, or a URL or path, as s3://bucket/prefix',
);

/** The same of a copy from which something goes. */
export const PRUNE_FROM_OPTION = new Option(
  '--from <copy>',
  'delete in a copy: its name in the configuration, or a URL or path, as in s3://bucket/prefix',
);

/** As of when. */
export const VERSIONS_OPTION = new Option(
  '--versions-before <date>',
  `with --from: read the copy as the bucket had it before this date: ${DATE_FORMS}`,
);

/** The same, for what many sites have in one place. */
export const SITES_FROM_OPTION = new Option(
  '--from <copy>',
  'look at the copies of all sites in a place: the name of a copy in the configuration, or a URL or path',
);

/** A selection that names a copy. */
export type CopySelection = SiteSelection & { readonly from: string };

/** What a copy is opened with. */
export interface CopyOpening extends CopyReading, ReadAsOf {
  readonly terminal: Terminal;
  /** Gets the stores of the copy. */
  readonly backups: OpenBackups;
}

/** Those of some sites that have a copy which is called so, each with that for its backups. */
export async function sitesWithCopy(
  sites: readonly Site[],
  { from, ...opening }: CopyOpening & { readonly from: string },
): Promise<readonly Site[]> {
  const found: Site[] = [];
  const meant = copiesCalled(sites, from);
  for (const site of sites) {
    const copy = copyCalled(site, from);
    if (copy === undefined) continue;
    const called = isTold(copy, meant) ? copy.name : copy.url;
    found.push(attach(await openCopyOf(site, { copy, called, ...opening }), opening));
  }
  return found;
}

/** Whether its name tells it from the other copies that are open. */
function isTold({ name, site, url }: CopySettings, copies: readonly CopySettings[]): boolean {
  return copies.every((one) => one.name !== name || one.site !== site || one.url === url);
}

/** The site of a copy of which nothing else is known. Failures: those of `openCopyAt`; `usage`. */
export async function siteOfCopyAlone(
  selection: CopySelection,
  opening: CopyOpening,
): Promise<Site> {
  refusePlaces(selection);
  const { from, part: name } = selection;
  return attach(await openCopyAt(from, { name, ...opening }), opening);
}

/** Before which time the copy is meant: milliseconds since 1970; undefined: as it is. Failure `usage`. */
export function timeOfVersions(
  { from, versionsBefore }: SiteSelection,
  terminal: Pick<Terminal, 'log'>,
): number | undefined {
  if (versionsBefore === undefined) return undefined;
  if (from !== undefined) return readEdge(versionsBefore, { edge: 'end', terminal }).getTime();
  throw new Failure('usage', 'Cannot use --versions-before here: it goes with --from', {
    hint: 'Name the copy with --from: its name, or the URL of the bucket.',
  });
}

/** Whether a word may be a place: the name of a copy has no slash, unless it is called by its place. */
export function mayBePlace(from: string): boolean {
  return from.includes('/');
}

/** The copies of sites that are called so: one of each, at most. */
export function copiesCalled(sites: readonly Site[], from: string): readonly CopySettings[] {
  return sites.flatMap((site) => copyCalled(site, from) ?? []);
}

export function noSuchCopy(from: string, sites: readonly Site[]): Failure {
  const names = new Set(sites.flatMap(({ copies = [] }) => copies.map(({ name }) => name)));
  return new Failure('usage', `Cannot find a copy called "${from}"`, {
    hint:
      names.size === 0
        ? 'No copies are configured here. Name the place: a path with a slash, or a URL.'
        : `There are these: ${[...names].join(', ')}. A copy without "name" in its settings is called by its place. A path needs a slash, as in ./copy.`,
  });
}

/** Whoever looks at one of several places alone would miss what is wrong in the others. */
export function severalPlaces(from: string, copies: readonly CopySettings[]): Failure {
  const places = [...new Set(copies.map(({ url }) => url))];
  return new Failure(
    'usage',
    `Cannot tell which place is meant: ${places.length} are called "${from}"`,
    {
      hint: `Name one of them: ${places.join(', ')}.`,
    },
  );
}

/** The copy of a site that is called so; undefined: it has none. */
export function copyCalled({ copies = [] }: Site, from: string): CopySettings | undefined {
  return copies.find(({ name }) => name === from) ?? copies.find(({ url }) => url === from);
}

function attach(
  { site, attached, unusable, aside: stamps }: CopiedSite,
  { backups, terminal }: CopyOpening,
): Site {
  backups.attach(attached);
  for (const { message: reason } of unusable) {
    renderWarning({ kind: 'warning', code: 'copied-point-unusable', reason }, terminal);
  }
  if (stamps.length > 0)
    renderWarning({ kind: 'notice', code: 'copied-points-aside', stamps }, terminal);
  return site;
}

/** A copy says by itself where its backups are. Failure `usage`. */
export function refusePlaces({
  datafs,
  location,
  blobStorage,
  blobbackuplocation,
}: Omit<SiteSelection, 'from'>): void {
  const said = [
    ['--datafs', datafs],
    ['--location', location],
    ['--blob-storage', blobStorage],
    ['--blobbackuplocation', blobbackuplocation],
  ].flatMap(([option, value]) => (value === undefined ? [] : [option]));
  if (said.length === 0) return;
  throw new Failure('usage', `Cannot use ${said.join(', ')} with a copy`, {
    hint: 'Leave out these options. Of several sites in a copy, --part NAME chooses one.',
  });
}
