import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where this user keeps what can be made again (XDG base directories); undefined: he has no home. */
export function ownCacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const said = environment['XDG_CACHE_HOME'] ?? '';
  const home = environment['HOME'] ?? homedir();
  const base = isAbsolute(said) ? said : isAbsolute(home) ? join(home, '.cache') : undefined;
  return base && join(base, 'zodbvault');
}
