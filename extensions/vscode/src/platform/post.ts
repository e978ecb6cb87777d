/** A request that carries a body which is worth watching on its way. */
export interface Posting {
  headers: Record<string, string>;
  body: Blob;
  signal?: AbortSignal | undefined;
  /** Told the bytes that the network has taken so far. */
  onSent: (sent: number) => void;
}

export interface Posted {
  status: number;
  text: string;
}
