import { KernelError } from '@hansa/protocols'

export type KeyFileErrorDetail =
  /** There is already a file; a key is never written over. */
  | { code: 'key_file_exists'; path: string }
  | { code: 'key_file_missing'; path: string }
  /** Others than the owner can reach it, so it is not a secret any more. */
  | { code: 'key_file_exposed'; path: string; mode: string }
  /** It does not hold a secret of the kind that was asked for. */
  | { code: 'key_file_malformed'; path: string; expected: string }
  /** The disk or the directory does not allow it; the reason is in `cause`. */
  | { code: 'key_file_unusable'; path: string }

export class KeyFileError extends KernelError<KeyFileErrorDetail> {
  override readonly name: string = 'KeyFileError'
}
