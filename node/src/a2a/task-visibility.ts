/** A token that covers some capabilities shows nothing of tasks of others, though the same agent began them. */
import { type A2aTask, HANSA_EXTENSION, hansaTaskSchema } from '@hansa/protocols'
import { scopeCovers } from '@hansa/trust'
import type { ControlCaller } from '../control/control-caller.ts'

export function isShownTo({ caller }: { caller: ControlCaller }, capability: string): boolean {
  const scope = caller.scope === 'agent' ? caller.agent.scope : undefined
  return scope === undefined || scopeCovers(scope, capability)
}

/** @returns the tasks of a page that are shown */
export function shownTasks(visitor: { caller: ControlCaller }, tasks: readonly A2aTask[]): A2aTask[] {
  return tasks.filter((task) => isShownTo(visitor, capabilityOf(task)))
}

function capabilityOf({ metadata }: A2aTask): string {
  return hansaTaskSchema.safeParse(metadata?.[HANSA_EXTENSION]).data?.capability ?? ''
}
