/** What is found wrong while clients read a site as it was. */
export type ServerWarning =
  /** A client got an error for an answer. */
  | {
      readonly kind: 'warning';
      readonly code: 'call-failed';
      readonly client: string;
      readonly method: string;
      readonly reason: string;
    }
  /** No source has the file of a blob that a client wants. */
  | {
      readonly kind: 'warning';
      readonly code: 'blob-not-found';
      readonly client: string;
      readonly oid: string;
      readonly tid: string;
    };
