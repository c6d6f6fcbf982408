import type { Site } from '../../config/model/site.ts';
import { Failure } from '../../system/failure.ts';
import { silenced, type Terminal } from '../terminal/terminal.ts';
import { findEachSite } from './site-options.ts';
import type { SiteSelection } from './site-selection.ts';

/**
 * All sites that the same file describes, with the one that is meant: a `zodbvault.toml`, or a buildout with several
 * backup parts. Nothing is said of them; what can't be used has no place here.
 */
export async function sitesBeside(
  { config }: SiteSelection,
  terminal: Terminal,
): Promise<readonly Site[]> {
  try {
    const selection = { config, blobs: true };
    return (await findEachSite(selection, { terminal: silenced(terminal), purpose: 'look' })).sites;
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}
