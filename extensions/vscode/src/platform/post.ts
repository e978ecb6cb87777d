/** A request with a body whose upload can be observed. */
export interface Posting {
  headers: Record<string, string>;
  body: Blob;
  signal?: AbortSignal | undefined;
  /** Called with the bytes that the network has accepted so far. */
  onSent: (sent: number) => void;
}

export interface Posted {
  status: number;
  text: string;
}
