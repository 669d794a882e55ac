import type { ImportDesk } from './import-desk.ts'
import type { LocalCapabilities } from './local-capabilities.ts'
import { isRefusal, type Target } from './stages.ts'

/** @returns what may be called under this reference now. */
export function findTarget(
  locals: Pick<LocalCapabilities, 'find'>,
  imports: Pick<ImportDesk, 'target'>,
): (ref: string) => Target | undefined {
  return (ref) => {
    const local = locals.find(ref)
    if (local !== undefined) return local
    const target = imports.target(ref)
    return isRefusal(target) ? undefined : target
  }
}
