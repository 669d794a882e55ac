import { KernelError } from '@hansa/protocols'

export type AuditErrorDetail =
  /** The file of a cursor holds something else. */
  | { code: 'cursor_malformed'; path: string }
  /** The receiver of events refused them for good, or was away for longer than was waited. */
  | { code: 'events_refused'; url: string; status?: number }

/** A failure of what reads the audit log for other systems. */
export class AuditError extends KernelError<AuditErrorDetail> {
  override readonly name: string = 'AuditError'
}
