/** What the options that name a site said. */
export interface SiteWish {
  readonly config?: string | undefined;
  readonly part?: string | undefined;
  readonly datafs?: string | undefined;
  readonly location?: string | undefined;
  readonly blobStorage?: string | undefined;
  readonly blobbackuplocation?: string | undefined;
  readonly blobs: boolean;
}

/** The same words again: in the same folder, they mean the same site. */
export function siteWords({ blobs, ...wish }: SiteWish): readonly string[] {
  const options = [
    ['--config', wish.config],
    ['--part', wish.part],
    ['--datafs', wish.datafs],
    ['--location', wish.location],
    ['--blob-storage', wish.blobStorage],
    ['--blobbackuplocation', wish.blobbackuplocation],
  ] as const;
  const said = options.flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
  return blobs ? said : [...said, '--no-blobs'];
}
