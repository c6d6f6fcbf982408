/** A value, or why it can't be had: nobody minds as long as it isn't asked for. */
export type Substituted =
  | {
      readonly kind: 'text';
      readonly text: string;
      /** Of the environment, also by way of a %define. */
      readonly variables: readonly string[];
    }
  | { readonly kind: 'wrong'; readonly why: string };

/** What `$` may lead to. */
export interface Replacements {
  /** `%define`d names in lower case. */
  readonly defines: ReadonlyMap<string, Substituted>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

// In the order in which they are tried; a name ends where no letter, digit or underscore follows.
const DOLLAR = /\$(?:(\$)|([a-z_]\w*)|\{([a-z_]\w*)\}|\(([a-z_]\w*)\)|(.?))/gi;

/**
 * Replaces `$$`, `$NAME`, `${NAME}` and `$(VARIABLE)` as ZConfig does (its documentation, "Text
 * substitution"): names in any case, variables of the environment in their own, no defaults. What
 * comes in is not looked at again.
 */
export function substitute(text: string, { defines, environment }: Replacements): Substituted {
  let why: string | undefined;
  const variables = new Set<string>();
  const result = text.replace(DOLLAR, (...groups: (string | undefined)[]) => {
    const [, dollar, bare, braced, variable, other] = groups;
    if (dollar !== undefined) return '$';
    const name = bare ?? braced;
    if (variable !== undefined) {
      const value = environment[variable];
      variables.add(variable);
      if (value === undefined) why ??= `the environment variable ${variable} is not set`;
      return value ?? '';
    }
    if (name === undefined) {
      why ??= `there is no name behind "$"${other === '' ? '' : `, but "${other}"`}; write $$ for a dollar sign`;
      return '';
    }
    const value = defines.get(name.toLowerCase());
    if (value?.kind === 'text') {
      for (const one of value.variables) variables.add(one);
      return value.text;
    }
    why ??= value === undefined ? `"${name}" is not defined` : value.why;
    return '';
  });
  return why === undefined
    ? { kind: 'text', text: result, variables: [...variables] }
    : { kind: 'wrong', why };
}
