import type { Kernel, KernelOperator, ManifestDiff, PeerAlias } from '@hansa/protocols'

/** What the control interface needs: everything an agent and an operator may do, with imports named by alias. */
export interface ControlledKernel extends Kernel, KernelOperator {
  /**
   * Fetches the current manifest of an imported peer and applies the change table of security.md B2.
   * @throws CallError `not_found` when nothing is imported under that alias.
   */
  refresh(alias: PeerAlias): Promise<ManifestDiff>
}
