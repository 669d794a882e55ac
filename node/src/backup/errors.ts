import { KernelError } from '@hansa/protocols'

export type BackupErrorDetail =
  /** What is given is no backup, or not a whole one; nothing of it was used. */
  | { code: 'backup_invalid'; path: string; reason: string }
  /** It is encrypted, and no passphrase was given, or not this one. */
  | { code: 'backup_sealed'; path: string }
  /** A file that would be written is there already. */
  | { code: 'backup_exists'; path: string }
  /** The home cannot be copied as it is. */
  | { code: 'backup_failed'; path: string; reason: string }

export class BackupError extends KernelError<BackupErrorDetail> {
  override readonly name = 'BackupError'
}

export function invalid(path: string, reason: string, options?: ErrorOptions): BackupError {
  const message = `${path} is not a whole backup: ${reason}. Nothing of it was used; take another one.`
  return new BackupError({ code: 'backup_invalid', path, reason }, message, options)
}

export function failed(path: string, reason: string): BackupError {
  return new BackupError({ code: 'backup_failed', path, reason }, `No backup was made: ${path} ${reason}.`)
}
