import type { JoinMesh, LeaveMesh, MeshStatus } from './mesh-info.ts'

/**
 * Taking part in a mesh: what each kernel signs about itself is passed on from neighbour to neighbour, so that every one
 * knows of all. It grants nothing: what is called has to be imported, and permitted, as everywhere.
 */
export interface MeshOperator {
  /**
   * Takes part, through the kernel of `manifest` if there is one; resolves when what it knows has been fetched.
   * @throws CallError `invalid_request` for a manifest that does not hold or has no endpoint; `remote_refused` when the kernel does not
   * answer: this one takes part all the same, and asks again.
   */
  join(init: JoinMesh): Promise<MeshStatus>
  /** Takes no part any more: says so, signed, to its neighbours and forgets them. */
  leave(init: LeaveMesh): Promise<MeshStatus>
  status(): Promise<MeshStatus>
}
