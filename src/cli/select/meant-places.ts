import type { OpenBackups } from '../../blobs/open-backups.ts';
import { Failure } from '../../system/failure.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { findCopyPlace, findSites, type PlaceOfCopies } from './site-options.ts';

/** How a place is reached: what is left out, as usual there. */
type Access = NonNullable<PlaceOfCopies['access']>;

/** A place for copies, and how it is reached. */
export interface MeantPlace {
  /** What people call it. */
  readonly name: string;
  /** A path or a URL. */
  readonly url: string;
  readonly access: Access;
}

/** What says which place is meant, and how it is reached. */
interface PlaceSelection extends Access {
  readonly config?: string | undefined;
}

interface Finding {
  readonly terminal: Terminal;
  readonly backups: OpenBackups;
}

/**
 * The place that somebody wrote, by the name of a copy, a URL, or a path. It is reached as the configuration of the site
 * says, if that has it, but for what the command line says otherwise. Failures: those of {@link findCopyPlace}.
 */
export async function findPlace(
  written: string,
  said: PlaceSelection,
  finding: Finding,
): Promise<MeantPlace> {
  const { config } = said;
  const { url, access } = await findCopyPlace({ from: written, config, blobs: true }, finding);
  return { name: written, url, access: overruled(access, said) };
}

/** The places of all copies that sites have here. Failure `usage` where they have none. */
export async function findAllPlaces(
  said: PlaceSelection,
  { terminal, backups }: Finding,
): Promise<readonly MeantPlace[]> {
  const { config } = said;
  const sites = await findSites({ config, blobs: true }, { terminal, backups, purpose: 'look' });
  const places = new Map<string, MeantPlace>();
  for (const { name, url, access } of sites.flatMap(({ copies = [] }) => copies)) {
    if (!places.has(url)) places.set(url, { name, url, access: overruled(access, said) });
  }
  if (places.size > 0) return [...places.values()];
  throw new Failure('usage', 'Cannot find a place for copies: the site has none', {
    hint: 'Name a place: a folder, s3://bucket/prefix, or sftp://user@host/path. Or set "copies" in the configuration of the site.',
  });
}

function overruled(
  access: Access | undefined,
  { endpoint, region, pathStyle, credentialsFile, knownHosts, identityFile }: Access,
): Access {
  const said = { endpoint, region, pathStyle, credentialsFile, knownHosts, identityFile };
  const spoken = Object.entries(said).filter(([, value]) => value !== undefined);
  return { ...access, ...Object.fromEntries(spoken) };
}
