import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Override, parseOverride, readBuildout } from '../../src/config/buildout/buildout.ts';
import { type RecipePart, readRecipePart } from '../../src/config/recipe/recipe-part.ts';
import { Failure } from '../../src/system/failure.ts';

let folders = 0;

/** Writes `cfg` into a folder of its own and reads the buildout there. */
export async function buildoutOf(scratch: string, cfg: string, overrides: readonly string[] = []) {
  const folder = join(scratch, `cfg-${++folders}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'buildout.cfg'), cfg);
  const buildout = await readBuildout(join(folder, 'buildout.cfg'), {
    overrides: overrides.map((text): Override => {
      const override = parseOverride(text);
      if (override === undefined) throw new Error(`${text} is no override`);
      return override;
    }),
    userDefaults: undefined,
  });
  return { folder, buildout };
}

/** Resolves the part `backup`, or another, of a buildout. */
export async function partOf(
  scratch: string,
  cfg: string,
  {
    part = 'backup',
    environment = {},
  }: { readonly part?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly folder: string; readonly part: RecipePart }> {
  const { folder, buildout } = await buildoutOf(scratch, cfg);
  const homeOf = (user: string | undefined) =>
    user === 'nobody' ? undefined : `/home/${user ?? 'me'}`;
  const nearest = (name: string, known: readonly string[]) =>
    known.find((one) => one.startsWith(name.slice(0, 4))) ?? 'none';
  return {
    folder,
    part: readRecipePart(buildout, {
      part,
      pathEnvironment: { variables: environment, homeOf },
      nearest,
    }),
  };
}

/** What is wrong with a part, with FOLDER for its folder; an error if nothing is. */
export async function problemsOf(scratch: string, cfg: string): Promise<string> {
  const folder = join(scratch, `cfg-${folders + 1}`);
  try {
    await partOf(scratch, cfg);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code !== 'usage') throw error;
    return error.message.replaceAll(folder, 'FOLDER');
  }
  throw new Error('the part has no problem');
}
