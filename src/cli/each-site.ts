import type { Site } from '../sites/site.ts';
import { Failure } from '../system/failure.ts';
import type { Terminal } from './terminal.ts';

/**
 * Does something with each site. One that has no backups doesn't keep it from the others: a warning says
 * so. Returns those; the failure `not-found` is thrown where none has any.
 */
export async function inEachSite(
  sites: readonly Site[],
  { terminal, work }: { readonly terminal: Terminal; readonly work: (site: Site) => Promise<void> },
): Promise<readonly Site[]> {
  const absent: { readonly site: Site; readonly failure: Failure }[] = [];
  for (const site of sites) {
    try {
      await work(site);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'not-found') throw error;
      absent.push({ site, failure: error });
    }
  }
  const [first] = absent;
  if (first !== undefined && absent.length === sites.length) throw first.failure;
  for (const { site, failure } of absent) {
    const { code, message, hint } = failure;
    terminal.printJson({ part: site.part, error: { code, message, hint } });
    terminal.warn(`${site.part}: ${message}`);
  }
  return absent.map(({ site }) => site);
}
