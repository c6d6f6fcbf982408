/** What happens at a server, in the order in which it happens. */
export type ServerEvent =
  | { readonly kind: 'client-connected'; readonly client: string }
  /** It has chosen a storage. */
  | { readonly kind: 'client-registered'; readonly client: string; readonly storage: string }
  /** It wants a storage that isn't served, or wants to write. It may try again. */
  | {
      readonly kind: 'registration-refused';
      readonly client: string;
      readonly storage: string;
      readonly reason: 'no-such-storage' | 'wants-to-write';
    }
  | { readonly kind: 'client-left'; readonly client: string }
  /** It sends what no ZEO client sends: its connection is closed. */
  | { readonly kind: 'client-refused'; readonly client: string; readonly reason: string }
  /** A client wants a blob of which no source has the file. */
  | {
      readonly kind: 'blob-missing';
      readonly client: string;
      readonly oid: string;
      readonly tid: string;
    }
  /** A call got an error for an answer, since something is wrong with the storage. */
  | {
      readonly kind: 'call-failed';
      readonly client: string;
      readonly method: string;
      readonly reason: string;
    };
