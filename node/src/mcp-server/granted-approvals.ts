/**
 * Approvals that a call of an MCP client waits for. A client only repeats its call, so the approval is named for it: by who
 * calls what, with which arguments. Whether it was granted, and for exactly this, is the kernel's to say.
 */
import { LRUCache } from 'lru-cache'

const MAX_REMEMBERED = 4_096

export class GrantedApprovals {
  /** By the hash of who calls what. */
  readonly #ids = new LRUCache<string, string>({ max: MAX_REMEMBERED })

  find(action: string): string | undefined {
    return this.#ids.get(action)
  }

  remember(action: string, approvalId: string): void {
    this.#ids.set(action, approvalId)
  }

  forget(action: string): void {
    this.#ids.delete(action)
  }
}
