/** Where files come from that are not uploaded yet. */
import type { FileUpload } from "./file-upload.js";

/** Where files that are not uploaded yet outlive the program. */
export interface KeptFiles {
  /** Whether anything does here. */
  readonly isThere: boolean;
  /** What the keys of its files begin with, before a UUID. */
  readonly prefix: string;
  /** Resolves to whether it is stored. */
  put(key: string, file: File): Promise<boolean>;
  /** Resolves to null where it is not there, or cannot be read. */
  get(key: string): Promise<File | null>;
  delete(key: string): Promise<void>;
  /** Deletes what nobody came back for. */
  deleteOld(): Promise<void>;
}

/** Files that another program of this person uploads, such as the host of an editor's page. */
export interface UploadsElsewhere {
  has(key: string): boolean;
  /** A file of that program, which moves here as it does there. */
  follow(file: { key: string; name: string; size: number }): FileUpload;
}
