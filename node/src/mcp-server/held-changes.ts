/**
 * Changes of lists, told to a session of an older revision. They go over a stream that the client opens for itself: what
 * changed before that is told when it does.
 */
import type { Server } from '@modelcontextprotocol/server'
import type { ListName } from './listing-watch.ts'

export class HeldChanges {
  readonly #server: Pick<Server, 'sendToolListChanged' | 'sendPromptListChanged' | 'sendResourceListChanged'>
  readonly #held = new Set<ListName>()
  #streams = 0

  constructor(server: Server) {
    this.#server = server
  }

  changed(list: ListName): void {
    if (this.#streams > 0) void this.#tell(list).catch(() => {})
    else this.#held.add(list)
  }

  opened(): void {
    this.#streams += 1
    for (const list of this.#held) this.changed(list)
    this.#held.clear()
  }

  closed(): void {
    this.#streams -= 1
  }

  #tell(list: ListName): Promise<void> {
    switch (list) {
      case 'tools':
        return this.#server.sendToolListChanged()
      case 'prompts':
        return this.#server.sendPromptListChanged()
      case 'resources':
        return this.#server.sendResourceListChanged()
    }
  }
}
