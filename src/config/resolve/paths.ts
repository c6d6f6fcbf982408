import { join, resolve } from 'node:path';

/** What a path may refer to beside itself. */
export interface PathEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Home of a user, or of the one who runs this (undefined); undefined where nobody knows. */
  readonly homeOf: (user: string | undefined) => string | undefined;
}

/**
 * A path option as collective.recipe.backup expands it: `~` and `~user`, `$NAME` and `${NAME}` from
 * the environment (what isn't known stays as it is), then joined to the base, then made normal
 * without a look at symbolic links.
 */
export function expandPath(
  text: string,
  { base, pathEnvironment }: { readonly base: string; readonly pathEnvironment: PathEnvironment },
): string {
  const { variables, homeOf } = pathEnvironment;
  const withHome = text.replace(/^~([^/]*)/, (whole, user: string) => {
    return homeOf(user === '' ? undefined : user) ?? whole;
  });
  const expanded = withHome.replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (whole, braced: string | undefined, bare: string | undefined) =>
      variables[braced ?? bare ?? ''] ?? whole,
  );
  return resolve(base, join(expanded));
}
