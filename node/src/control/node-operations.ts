import type { PolicyReload } from '@hansa/protocols'

/** What a node does beside its kernel, for an operator. */
export interface NodeOperations {
  /** Reads the policy files again. With a fault in any of them the policy in force stays. */
  reloadPolicy(): Promise<PolicyReload>
}
