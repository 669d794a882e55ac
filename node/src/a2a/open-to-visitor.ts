import type { CapabilityInfo } from '@hansa/protocols'
import { scopeCovers } from '@hansa/trust'
import type { ControlledKernel } from '../control/controlled-kernel.ts'
import type { Visitor } from './task-desk.ts'

/** @returns what the rules of this kernel leave open to whoever asks, and what it shows covers: of the rest nothing is said */
export async function openToVisitor(
  kernel: Pick<ControlledKernel, 'open'>,
  { caller, principal }: Pick<Visitor, 'caller' | 'principal'>,
): Promise<CapabilityInfo[]> {
  const agent = caller.scope === 'agent' ? caller.agent : undefined
  const open = await kernel.open.to({
    principal,
    ...(agent?.onBehalfOf === undefined ? {} : { onBehalfOf: agent.onBehalfOf }),
    ...(agent?.issuer === undefined ? {} : { issuer: agent.issuer }),
  })
  const scope = agent?.scope
  return open.map(({ info }) => info).filter(({ ref }) => scope === undefined || scopeCovers(scope, ref))
}
