import { KernelError } from '@hansa/protocols'

export type ControlServerErrorDetail =
  /** Another process answers there. */
  | { code: 'control_in_use'; at: string }
  /** The place of the socket cannot be kept to its owner. */
  | { code: 'control_path_unsafe'; path: string }
  /** The token file is readable by others, or holds no token. */
  | { code: 'control_token_unsafe'; path: string }
  /** The system refused to listen there. */
  | { code: 'control_unavailable'; at: string }

/** The control interface could not be opened. The message says what to do. */
export class ControlServerError extends KernelError<ControlServerErrorDetail> {
  override readonly name: string = 'ControlServerError'
}
