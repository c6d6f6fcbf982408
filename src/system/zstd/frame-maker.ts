/** What makes frames of content. Its processes end with it. */
export interface FrameMaker extends AsyncDisposable {
  /** Frames that keep it at work. */
  readonly atATime: number;
  /** A frame of at most `FRAME_CONTENT_BYTES`, with a checksum. Failure `program`. */
  make(content: Uint8Array): Promise<Uint8Array>;
}

/** What reads frames. Its processes end with it. */
export interface FrameReader extends AsyncDisposable {
  readonly atATime: number;
  /**
   * The content of a frame; undefined where it is no frame, has been changed, or holds more than `FRAME_CONTENT_BYTES`.
   * Failure `program`.
   */
  read(frame: Uint8Array): Promise<Uint8Array | undefined>;
}
