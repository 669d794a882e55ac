import { KernelError } from '@hansa/protocols'

export type HomeErrorDetail =
  /** There is no node in this directory. */
  | { code: 'home_missing'; path: string }
  /** There is one already. */
  | { code: 'home_exists'; path: string }
  /** The directory was written by a version whose format this one does not know. */
  | { code: 'home_format'; path: string; found: string }

export class HomeError extends KernelError<HomeErrorDetail> {
  override readonly name = 'HomeError'
}
