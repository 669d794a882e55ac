import { KernelError } from '@hansa/protocols'

export type HomeErrorDetail =
  /** There is no node in this directory. */
  | { code: 'home_missing'; path: string }
  /** This account may not look into the directory. */
  | { code: 'home_closed'; path: string }
  /** There is one already. */
  | { code: 'home_exists'; path: string }
  /** The directory does not say which format it has, or says something that is none. */
  | { code: 'home_format'; path: string; found: string }
  /** The directory was written by a newer version, whose format this one does not know. Nothing was changed. */
  | { code: 'home_newer'; path: string; found: string }
  /** The directory has an older format and cannot be brought to this one. */
  | { code: 'home_migration'; path: string }
  /** The logs of the directory do not follow from each other, or one of them is missing. */
  | { code: 'home_logs'; path: string }
  /** The log of the identity, or the note of what is under way with it, cannot be read. */
  | { code: 'home_identity'; path: string }

export class HomeError extends KernelError<HomeErrorDetail> {
  override readonly name = 'HomeError'
}
