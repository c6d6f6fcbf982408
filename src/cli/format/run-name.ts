const NAMES: Readonly<Record<string, string>> = {
  undo: 'restore --undo',
  'verify-deep': 'verify --deep',
  'verify-sample': 'verify --deep --sample',
};

/** As in `backup`, `backup snapshot`, `verify --deep`. */
export function nameOfRun({ verb, of }: { readonly verb: string; readonly of: string }): string {
  const name = NAMES[verb] ?? verb;
  return of === 'all' || of === 'backup' ? name : `${name} ${of}`;
}
