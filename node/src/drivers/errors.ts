import { KernelError } from '@hansa/protocols'

export type DriverErrorCode =
  /** The signal aborted: deadline or caller. */
  | 'cancelled'
  /** The handler threw, or something failed that no other code names. */
  | 'driver_failed'
  /** The arguments cannot be put into the operation. */
  | 'arguments_unusable'
  /** There was an answer, and it is not JSON, not text, or of a kind that is not supported. */
  | 'answer_unusable'
  /** The answer is larger than a result may be. */
  | 'answer_too_large'
  /** The backend answered that it failed, or with a status other than 2xx. */
  | 'backend_failed'
  /** There is no connection to the backend, or it ended before the answer. */
  | 'backend_gone'
  /** The driver was disposed of. */
  | 'driver_closed'

export type DriverErrorDetail = {
  code: DriverErrorCode
  /** False only when it is certain that the operation did not begin; true means it may have happened. */
  began: boolean
  /** For this kernel's log. It may quote a backend, so it never leaves. */
  reason: string
  /** HTTP status of a backend that answered with one. */
  status?: number
}

/** A capability could not be carried out. Nothing of it is meant for the caller. */
export class DriverError extends KernelError<DriverErrorDetail> {
  override readonly name: string = 'DriverError'

  constructor(detail: DriverErrorDetail, options?: ErrorOptions) {
    super(detail, `${detail.code}: ${detail.reason}`, options)
  }
}
