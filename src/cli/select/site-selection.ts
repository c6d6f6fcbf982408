/** What the options that name a site said. */
export interface SiteSelection {
  /** The copy whose backups are meant: its name in the configuration, a URL or a path. */
  readonly from?: string | undefined;
  /** Files with the keys that open it. */
  readonly identity?: readonly string[] | undefined;
  /** A date: the copy is meant as it was before. */
  readonly versionsBefore?: string | undefined;
  readonly config?: string | undefined;
  readonly part?: string | undefined;
  readonly datafs?: string | undefined;
  readonly location?: string | undefined;
  readonly blobStorage?: string | undefined;
  readonly blobbackuplocation?: string | undefined;
  readonly blobs: boolean;
}

/** The same words again: in the same folder, they mean the same site. */
export function siteWords({ blobs, ...selection }: SiteSelection): readonly string[] {
  const options = [
    ['--from', selection.from],
    ['--versions-before', selection.versionsBefore],
    ['--config', selection.config],
    ['--part', selection.part],
    ['--datafs', selection.datafs],
    ['--location', selection.location],
    ['--blob-storage', selection.blobStorage],
    ['--blobbackuplocation', selection.blobbackuplocation],
  ] as const;
  const keys = (selection.identity ?? []).map((path) => ['--identity', path] as const);
  const said = [...options, ...keys].flatMap(([name, value]) =>
    value === undefined ? [] : [name, value],
  );
  return blobs ? said : [...said, '--no-blobs'];
}
