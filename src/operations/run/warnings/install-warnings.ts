/** What an installation of scripts says. */
export type InstallWarning =
  /** Scripts of a part with the same name, which another buildout has written. */
  | {
      readonly kind: 'warning';
      readonly code: 'scripts-taken-over';
      readonly paths: readonly string[];
      readonly owner: string;
      readonly buildout: string;
    }
  | { readonly kind: 'warning'; readonly code: 'folder-is-a-file'; readonly path: string }
  | { readonly kind: 'warning'; readonly code: 'folder-not-creatable'; readonly path: string };
